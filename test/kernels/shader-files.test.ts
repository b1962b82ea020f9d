import { describe, expect, test } from 'vitest';
import { numberLines } from '../../src/gpu/errors.ts';
import { kernels } from '../../src/kernels/index.ts';
import { gpu } from './test-gpu.ts';

/** Files, each with whether it needs subgroups. */
const files = new Map(
  kernels.flatMap(({ variants }) => variants.map(({ source, subgroups }) => [source, subgroups === true])),
);

describe('every file compiles as it stands', () => {
  for (const [source, needsSubgroups] of files) {
    const name = /^\/\/ (\S+):/.exec(source)?.[1] ?? source.slice(0, 40);
    test(`shaders/${name}.wgsl`, async ({ skip }) => {
      skip(needsSubgroups && !gpu.capabilities.subgroups, 'the adapter has no subgroups');
      const code = needsSubgroups ? `enable subgroups;\n${source}` : source;
      gpu.device.pushErrorScope('validation');
      const module = gpu.device.createShaderModule({ label: name, code });
      const scope = gpu.device.popErrorScope();
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}`);
      expect(lines, numberLines(code)).toEqual([]);
      expect(await scope).toBeNull();
    });
  }
});
