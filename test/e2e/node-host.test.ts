import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavapipeRefusal, lavapipeVariables } from '../lavapipe-driver.ts';
import { describeUnless } from '../left-out.ts';
import { startCommand } from './command.ts';

// The commands in Node, on lavapipe, beside Chrome on SwiftShader: another host, another driver, the same training.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-node-host-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refusal = lavapipeRefusal();
const start = (command: string, ...args: string[]) =>
  startCommand(command, args, undefined, lavapipeVariables());
const small = ['--hidden', '12', '--val-size', '500', '--no-tune'];
const bytes = (...path: string[]) => readFileSync(join(folder, ...path));
const losses = (run: string): number[] =>
  bytes(run, 'metrics.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'train')
    .flatMap(({ loss }) => loss);

describeUnless(refusal, '--host node', () => {
  test('trains as Chrome does, to rounding, and twice with the same bits', { timeout: 240_000 }, async () => {
    const run = ['--steps', '100', '--seeds', '2', ...small, '--out'];
    const node = await start('train', '--host', 'node', ...run, join(folder, 'node')).outcome;
    expect(node.status, node.stderr).toBe(0);
    const summary = JSON.parse(bytes('node', 'summary.json').toString());
    expect(summary.adapter.name).toMatch(/llvmpipe/);
    expect(summary.browser).toMatch(/^Node\/\d+\.\S+ webgpu\/\d/);

    const again = await start('train', '--host', 'node', ...run, join(folder, 'again')).outcome;
    expect(again.status, again.stderr).toBe(0);
    for (const seed of [1, 2]) {
      const file = `weights.${seed}.safetensors`;
      expect(bytes('again', file).equals(bytes('node', file))).toBe(true);
    }

    const chrome = await start('train', ...run, join(folder, 'chrome')).outcome;
    expect(chrome.status, chrome.stderr).toBe(0);
    const [here, there] = [losses('node'), losses('chrome')];
    expect(here).toHaveLength(4);
    for (const [i, loss] of here.entries()) expect(Math.abs(loss / there[i]! - 1)).toBeLessThan(2e-5);
  });

  test('stops in order and goes on', { timeout: 240_000 }, async () => {
    const out = join(folder, 'stopped');
    const { child, outcome } = start('train', '--host', 'node', '--steps', '9000', ...small, '--out', out);
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
      // Once: a second signal, half a second behind it, would end the command at once.
      if (!child.killed && /training \d+\/9000/.test(stderr)) child.kill('SIGTERM');
    });
    const { status, stdout } = await outcome;
    expect(status, stderr).toBe(143);
    expect(stdout).toMatch(
      /stopped at step \d+ of 9000; go on with: npm run train -- --resume \S+ --host node/,
    );
    const { steps } = JSON.parse(bytes('stopped', 'summary.json').toString());
    expect(existsSync(join(out, 'checkpoint.safetensors'))).toBe(true);
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(9000);
  });

  test('checks gradients', { timeout: 240_000 }, async () => {
    const args = ['--host', 'node', '--hidden', '12', '--batch-size', '10', '--entries', '4'];
    const { status, stdout, stderr } = await start('gradcheck', ...args).outcome;
    expect(status, stdout + stderr).toBe(0);
  });

  test('an adapter that there is not: one line that lists the others', async () => {
    const { status, stderr } = await start('train', '--host', 'node', '--adapter', 'nothing').outcome;
    expect(status).toBe(2);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/no adapter is named "nothing": there are: .*llvmpipe/);
  });
});

test('a host that there is not', async () => {
  const { status, stderr } = await start('train', '--host', 'deno').outcome;
  expect(status).toBe(2);
  expect(stderr.trim()).toMatch(/^train: --host deno is unknown: allowed choices are chrome, firefox, node/);
});
