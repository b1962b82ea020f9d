import { expect, test } from 'vitest';
import type { AdapterDescription } from '../../../src/gpu/device.ts';
import { fasterHost } from '../../../src/hosts/faster-host.ts';
import type { Host } from '../../../src/hosts/host.ts';

const host = (name = 'chrome', elsewhere?: string) => ({ name, elsewhere }) as Host;
const swiftshader = {
  vendor: 'google',
  architecture: 'swiftshader',
  description: 'SwiftShader Device (Subzero)',
  software: true,
} as AdapterDescription;
const linux = { platform: 'linux', arch: 'x64', isInstalled: true } as const;

test('where Chrome computes on the CPU, Node is the faster host, which is said once', () => {
  const chrome = host();
  expect(fasterHost(chrome, swiftshader, linux)).toMatch(/^hint: .*--host node/);
  expect(fasterHost(chrome, swiftshader, linux)).toBe(undefined);
});

test.each([
  [
    'a GPU computes',
    host(),
    { ...swiftshader, architecture: 'ampere', description: '', software: false },
    linux,
  ],
  ['it is Node already', host('node'), swiftshader, linux],
  ['Chrome runs elsewhere', host('chrome', 'http://elsewhere:9222'), swiftshader, linux],
  ['the package is not installed', host(), swiftshader, { ...linux, isInstalled: false }],
  ['lavapipe has four lanes', host(), swiftshader, { ...linux, arch: 'arm64' }],
  ['there is no lavapipe', host(), swiftshader, { ...linux, platform: 'darwin' }],
] as const)('nothing is said where %s', (_, where, adapter, system) => {
  expect(fasterHost(where, adapter as AdapterDescription, system)).toBe(undefined);
});
