import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Phase } from '../../src/train/phases.ts';
import { readSafetensors, writeSafetensors } from '../../src/train/safetensors.ts';
import { type Outcome, startCommand } from './command.ts';

// `npm run train` as its users run it, on the real data, in real headless Chrome.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-train-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (...args: string[]) => startCommand('train', args);

const train = (...args: string[]): Promise<Outcome> => start(...args).outcome;
const small = ['--hidden', '12', '--val-size', '500', '--no-tune'];
const read = (...path: string[]) => new Uint8Array(readFileSync(join(folder, ...path)));
const json = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));
const metrics = (run: string) =>
  readFileSync(join(folder, run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; step: number; msPerStep?: number });

describe('a run', () => {
  test('writes summary, metrics and weights for each seed', { timeout: 120_000 }, async () => {
    const { status, stdout, stderr } = await train(
      ...small,
      '--steps',
      '120',
      '--seeds',
      '2',
      '--out',
      join(folder, 'two'),
    );
    expect(stderr).toMatch(/^adapter: .+/m);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/seed 1 +validation accuracy 0\.\d{4} .*test accuracy 0\.\d{4}/);
    expect(stdout).toMatch(/mean +test accuracy/);

    const summary = json('two', 'summary.json');
    expect(summary).toMatchObject({ experiment: 'base', steps: 120, finished: true, seeds: [1, 2] });
    expect(summary.perSeed).toHaveLength(2);
    expect(summary.perSeed[0].testAccuracy).toBeGreaterThan(0.15);
    expect(summary.perSeed[0].testAccuracy).not.toBe(summary.perSeed[1].testAccuracy);
    expect(summary.dispatchesPerStep).toBeLessThanOrEqual(20);
    expect(summary.adapter.name).not.toBe('');
    const begun = ['command', 'browser', 'page', 'adapter', 'data', 'compile', 'first step', 'training'];
    const phases: Phase[] = summary.phases;
    expect(phases.map(({ phase }) => phase)).toEqual(expect.arrayContaining([...begun, 'evaluation']));
    for (const { phase, fromMs, toMs } of phases) expect(toMs, phase).toBeGreaterThanOrEqual(fromMs);
    const [data, compile] = ['data', 'compile'].map((name) => phases.find(({ phase }) => phase === name)!);
    // Neither waits for the other.
    expect(compile!.fromMs).toBeLessThan(data!.toMs);

    expect(metrics('two').map(({ type, step }) => `${type} ${step}`)).toEqual([
      'train 50',
      'train 100',
      'train 120',
      'validation 120',
    ]);

    const { tensors } = readSafetensors(read('two', 'weights.1.safetensors'));
    expect(Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]))).toEqual({
      'layers.0.linear.weight': [12, 3072],
      'layers.0.linear.bias': [12],
      'layers.0.bn.weight': [12],
      'layers.0.bn.bias': [12],
      'layers.0.bn.running_mean': [12],
      'layers.0.bn.running_var': [12],
      'layers.1.linear.weight': [10, 12],
      'layers.1.linear.bias': [10],
    });
    expect(tensors.every(({ data }) => data.every(Number.isFinite))).toBe(true);
  });

  test('starts from --init: 0 steps score the saved weights', { timeout: 120_000 }, async () => {
    const init = join(folder, 'two', 'weights.2.safetensors');
    const { status, stderr } = await train(
      ...small,
      '--steps',
      '0',
      '--init',
      init,
      '--out',
      join(folder, 'scored'),
    );
    expect(status, stderr).toBe(0);
    const before = json('two', 'summary.json').perSeed[1];
    const after = json('scored', 'summary.json').perSeed[0];
    expect(after.testAccuracy).toBe(before.testAccuracy);
    expect(after.testLoss).toBe(before.testLoss);
    expect(read('scored', 'weights.safetensors')).toEqual(read('two', 'weights.2.safetensors'));
  });

  test('stopped by SIGTERM and resumed, ends with the bits of an uninterrupted run', {
    timeout: 240_000,
  }, async () => {
    const settings = [
      ...[...small, '--steps', '560', '--optimizer', 'adam', '--lr-max', '0.001', '--flip'],
      // Kernels that the checkpoint must bring along for what comes after the last step, too.
      ...['--variant', 'matmul=register-5x4', '--bn-stats', 'precise:500'],
    ];
    const whole = await train(...settings, '--out', join(folder, 'whole'));
    expect(whole.status, whole.stderr).toBe(0);

    const { child, outcome } = start(...settings, '--out', join(folder, 'parts'));
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
      if (!child.killed && said.includes('training 50/')) child.kill('SIGTERM');
    });
    const stopped = await outcome;
    expect(stopped.status, stopped.stderr).toBe(143);
    expect(stopped.stdout).toMatch(/stopped at step \d+ of 560; go on with: npm run train -- --resume /);
    const before = json('parts', 'summary.json');
    expect(before).toMatchObject({ finished: false, sessions: [{ fromStep: 0, toStep: before.steps }] });

    const resumed = await train('--resume', join(folder, 'parts'));
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/resumed at step \d+/);
    expect(read('parts', 'weights.safetensors')).toEqual(read('whole', 'weights.safetensors'));
    expect(json('parts', 'summary.json').perSeed).toEqual(json('whole', 'summary.json').perSeed);
    const untimed = (run: string) => metrics(run).map(({ msPerStep: _, ...line }) => line);
    expect(untimed('parts')).toEqual(untimed('whole'));
    // The run is one run, over its sessions.
    const { experiment, startedAt, elapsedMs, sessions } = json('parts', 'summary.json');
    expect({ experiment, startedAt }).toEqual({ experiment: 'base', startedAt: before.startedAt });
    expect(sessions).toHaveLength(2);
    expect(sessions[1]).toMatchObject({ fromStep: before.steps, toStep: 560 });
    expect(elapsedMs).toBe(sessions[0].elapsedMs + sessions[1].elapsedMs);
    expect(json('parts', 'sessions.json').sessions).toEqual(sessions);
  });

  test('a loss that is not finite stops it, naming step and replica', { timeout: 120_000 }, async () => {
    const { status, stderr } = await train(
      ...[
        '--no-tune',
        '--bn',
        'none',
        '--lr-min',
        '1e30',
        '--lr-max',
        '1e30',
        '--steps',
        '200',
        '--hidden',
        '12',
      ],
      ...['--out', join(folder, 'broken')],
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^train: the loss of replica 0 \(seed 1, lambda 0\.005\) is not finite at step \d+: try a lower/m,
    );
  });
});

describe('bad input is one line and exit status 2:', () => {
  test.for([
    ['an unknown flag', ['--stepz', '3'], /unknown option '--stepz'/],
    ['a folder without data', ['--data', tmpdir()], /data_batch_1\.bin/],
  ] as const)('%s', { timeout: 60_000 }, async ([, args, message]) => {
    const { status, stdout, stderr } = await train(...args, '--out', join(folder, 'never'));
    expect(stderr.trim().split('\n').at(-1)).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
    expect(status).toBe(2);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  test('a folder that holds another run', { timeout: 60_000 }, async () => {
    const before = read('parts', 'metrics.jsonl');
    const { status, stderr } = await train(...small, '--out', join(folder, 'parts'));
    expect(stderr).toMatch(/^train: --out .*parts holds another run: go on with it by --resume/m);
    expect(status).toBe(2);
    const resumed = await train('--resume', join(folder, 'two'), '--out', join(folder, 'parts'));
    expect(resumed.stderr).toMatch(/^train: --out .*parts holds another run: name another folder$/m);
    expect(resumed.status).toBe(2);
    expect(read('parts', 'metrics.jsonl')).toEqual(before);
  });

  test('weights of another net', { timeout: 120_000 }, async () => {
    const path = join(folder, 'other.safetensors');
    const data = new Float32Array(12);
    const tensors = [{ name: 'layers.0.linear.weight', shape: [3, 4], data }];
    writeFileSync(path, writeSafetensors({ tensors, metadata: {} }));
    const { status, stderr } = await train(...small, '--init', path, '--out', join(folder, 'other'));
    expect(stderr).toMatch(
      /^train: --init .*layers\.0\.linear\.weight is 3 x 4 in the weights, 12 x 3072 in this net/m,
    );
    expect(status).toBe(2);
  });

  test('a damaged weights file', { timeout: 120_000 }, async () => {
    const path = join(folder, 'damaged.safetensors');
    writeFileSync(path, read('two', 'weights.1.safetensors').subarray(0, 5000));
    const { status, stderr } = await train(...small, '--init', path, '--out', join(folder, 'damaged'));
    expect(stderr).toMatch(/^train: .*damaged\.safetensors: the file ends within layers\.0/m);
    expect(status).toBe(2);
  });
});
