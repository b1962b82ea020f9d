import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimFolder } from '../../src/cli/folders/folder-lock.ts';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { datasetCache } from '../../src/data/files/cache.ts';
import { startCommand } from './command.ts';

// How commands end that are stopped, whose output nobody reads, whose folder is taken or full.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-ends-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = ['--hidden', '12', '--val-size', '500', '--no-tune', '--steps'];
const json = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

/** Starts a command with a temporary folder of its own, and sends the signal when `marker` is printed. */
async function stopped(signal: NodeJS.Signals, marker: RegExp, command: string, ...args: string[]) {
  const temporary = join(folder, `tmp-${command}`);
  mkdirSync(temporary);
  const env = { TMPDIR: temporary, XDG_CACHE_HOME: join(folder, 'cache'), WGRAD_DATA: '' };
  const { child, outcome } = startCommand(command, args, undefined, env);
  let printed = '';
  const onData = (chunk: Buffer) => {
    printed += chunk;
    // Once: a second signal, half a second behind it, would end the command at once.
    if (!child.killed && marker.test(printed)) child.kill(signal);
  };
  child.stdout?.on('data', onData);
  child.stderr?.on('data', onData);
  return { ...(await outcome), left: readdirSync(temporary) };
}

test('a signal: 128 + its number, and no browser and no folder is left', { timeout: 240_000 }, async () => {
  const data = ['--data', datasetCache(cifar10)];
  const bench = ['--quick', '--suite', 'kernels', '--filter', 'softmax', '--out', join(folder, 'bench')];
  const all = await Promise.all([
    stopped('SIGHUP', /wgrad: http/, 'start', '--port', '0', ...data),
    stopped('SIGTERM', /^net: /m, 'gradcheck', ...data),
    stopped('SIGHUP', /^adapter: /m, 'tune', '--hidden', '8', ...data),
    stopped('SIGTERM', /^adapter: /m, 'bench', ...bench),
  ]);
  for (const { left, stderr } of all) {
    expect(stderr).not.toMatch(/^ +at /m);
    expect(left).toEqual([]);
  }
  expect(all.map(({ status }) => status)).toEqual([129, 143, 129, 143]);
});

test('output that nobody reads: training goes on, and everything is written', {
  timeout: 120_000,
}, async () => {
  const { child, outcome } = startCommand('train', [...small, '20', '--out', join(folder, 'unread')]);
  child.stdout?.destroy();
  child.stderr?.once('data', () => child.stderr?.destroy());
  const { status } = await outcome;
  expect(status).toBe(0);
  expect(json('unread', 'summary.json')).toMatchObject({ finished: true, steps: 20 });
});

test('the last update overflows: the end of a divergence, and no results', {
  timeout: 120_000,
}, async () => {
  const rates = ['--lr-min', '1e38', '--lr-max', '1e38'];
  const { outcome } = startCommand('train', [...small, '1', ...rates, '--out', join(folder, 'overflow')]);
  const { status, stdout, stderr } = await outcome;
  expect(stderr).toMatch(
    /^train: the validation loss of replica 0 \(seed 1, lambda 0\.005\) is not finite after step 1: try a lower/m,
  );
  expect(stdout).toBe('');
  expect(status).toBe(2);
  const left = readdirSync(join(folder, 'overflow'));
  expect(left.filter((name) => /summary|checkpoint|weights|^\./.test(name))).toEqual([]);
});

describe('a folder that another process writes to', () => {
  test.each([
    ['train', []],
    ['search', ['--lambda', '0.001,0.01']],
    ['experiments', []],
    ['bench', []],
  ])('%s: one line, exit status 2', { timeout: 60_000 }, async (command, args) => {
    const out = join(folder, 'taken');
    claimFolder(out); // For this process.
    const { status, stdout, stderr } = await startCommand(command, [...args, '--out', out]).outcome;
    expect(stderr).toBe(
      `${command}: ${out} is in use: process ${process.pid} writes to it; wait for it or name another folder\n`,
    );
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});

/** A disk of 1 MB; undefined where none can be mounted. */
function smallDisk(): string | undefined {
  const path = join(folder, 'disk');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    return undefined;
  }
}

test('a full disk: one line, what was complete stays, and nothing half-written', {
  timeout: 120_000,
}, async (context) => {
  const disk = smallDisk();
  if (disk === undefined) return context.skip('no disk can be mounted');
  try {
    const args = ['--hidden', '50', '--val-size', '500', '--no-tune', '--steps', '20'];
    const { status, stderr } = await startCommand('train', [...args, '--out', join(disk, 'run')]).outcome;
    expect(stderr.trim().split('\n').at(-1)).toMatch(
      /^train: cannot write .*weights\.safetensors: no space left on the device; the last checkpoint is kept: make room, then /,
    );
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(2);
    expect(readdirSync(join(disk, 'run')).sort()).toEqual([
      'checkpoint.safetensors',
      'metrics.jsonl',
      'sessions.json',
    ]);
  } finally {
    execFileSync('umount', [disk]);
  }
});

test('no folder for a build at all: one line, exit status 2', { timeout: 60_000 }, async () => {
  const nowhere = { XDG_CACHE_HOME: '/dev/null', TMPDIR: '/dev/null' };
  const { status, stdout, stderr } = await startCommand('train', [], undefined, nowhere).outcome;
  expect(stderr).toBe(
    'train: temporary files cannot be written to /dev/null (ENOTDIR: not a directory): make room there, or set TMPDIR to another folder\n',
  );
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test.each([
  ['/nowhere', 'ENOENT: no such file or directory'],
  ['/dev/null', 'ENOTDIR: not a directory'],
])(
  "no folder for the browser's profile (TMPDIR=%s): one line, exit status 2, no results",
  {
    timeout: 60_000,
  },
  async (TMPDIR, reason) => {
    const out = join(folder, 'no-profile');
    const args = [...small, '5', '--out', out];
    const { status, stderr } = await startCommand('train', args, undefined, { TMPDIR }).outcome;
    expect(stderr).toBe(
      `train: temporary files cannot be written to ${TMPDIR} (${reason}): make room there, or set TMPDIR to another folder\n`,
    );
    expect(status).toBe(2);
    expect(existsSync(out)).toBe(false);
  },
);

test('a folder that was made for nothing is removed', { timeout: 60_000 }, async () => {
  const out = join(folder, 'new', 'deep');
  const { outcome } = startCommand('search', ['--lambda', '0.001,0.01', '--data', folder, '--out', out]);
  const { status, stderr } = await outcome;
  expect(stderr).toMatch(/data_batch_1\.bin/);
  expect(status).toBe(2);
  expect(existsSync(join(folder, 'new'))).toBe(false);
});
