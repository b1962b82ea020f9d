import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../src/hosts/project-root.ts';
import { type Outcome, startCommand } from './command.ts';

// `npm run gradcheck` as its users run it, on the real data, in real headless Chrome.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-gradcheck-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gradcheck = (root: string, ...args: string[]): Promise<Outcome> =>
  startCommand('gradcheck', args, root).outcome;

const small = ['--hidden', '12,8', '--batch-size', '20', '--entries', '2'];

describe('sound kernels: exit status 0', () => {
  test('the listing', { timeout: 120_000 }, async () => {
    const { status, stdout, stderr } = await gradcheck(projectRoot, ...small);
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/^data: CIFAR-10 from .+, the first 20 images of epoch 0$/m);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^gradients of 3072-12-8-10, batch norm before-relu, lambda 0\.005, batch 20/);
    expect(lines.filter((line) => line.endsWith('  ok'))).toHaveLength(20);
    expect(lines.find((line) => line.startsWith('layers.0 W'))).toMatch(
      /numeric +2 of 36864 .* 1\.00e-7 {2}ok/,
    );
    expect(lines.at(-1)).toBe('passed: 10 tensors');
  });

  test('JSON, another net and other kernels', { timeout: 120_000 }, async () => {
    const kernels = ['--variant', 'matmul=naive', '--variant', 'conv=naive'];
    const other = ['--bn', 'none', ...kernels, '--label-smoothing', '0.1', '--json'];
    const { status, stdout, stderr } = await gradcheck(projectRoot, ...small, ...other);
    expect(status, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ passed: true, batchSize: 20, labelSmoothing: 0.1, seed: 1 });
    expect(result.variants['layers.0 wgrad']).toBe('naive');
    expect(result.lines).toHaveLength(12);
    const warnings = stderr.split('\n').filter((line) => line.startsWith('warning: '));
    expect(warnings).toEqual(['warning: --variant conv=naive: a training step of this net has no conv']);
  });
});

test('a broken kernel: exit status 1, in a copy of the project', { timeout: 120_000 }, async () => {
  const copy = join(folder, 'copy');
  for (const part of ['src', 'shaders', 'bench', 'index.html', 'package.json', 'package-lock.json']) {
    cpSync(join(projectRoot, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const shader = join(copy, 'shaders/bias-gradient/naive.wgsl');
  const source = readFileSync(shader, 'utf8');
  expect(source).toContain('m < M;');
  writeFileSync(shader, source.replace('m < M;', 'm + 1u < M;'));

  const { status, stdout, stderr } = await gradcheck(copy, ...small);
  expect(status, stderr).toBe(1);
  const lines = stdout.trim().split('\n');
  expect(lines.filter((line) => line.endsWith('  wrong'))).toHaveLength(1);
  expect(lines.at(-1)).toBe('FAILED: 1 of 10 gradients of the GPU differ from the reference');
});

describe('bad input is one line and exit status 2:', () => {
  test.for([
    ['an unknown flag', ['--layer', '3'], /^gradcheck: unknown option '--layer'/],
    ['a folder without data', ['--data', tmpdir()], /^gradcheck: .*data_batch_1\.bin/],
  ] as const)('%s', { timeout: 60_000 }, async ([, args, message]) => {
    const { status, stdout, stderr } = await gradcheck(projectRoot, ...args);
    expect(stderr.trim().split('\n').at(-1)).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
