/** Paths at which a command cannot do its work: one line that names them, before anything is built, fetched or written. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main as packBench } from '../../../bench/kit/pack.ts';
import { main as bench } from '../../../bench/main.ts';
import { main as build } from '../../../src/cli/commands/build.ts';
import { main as experiments } from '../../../src/cli/commands/experiments.ts';
import { main as gradcheck } from '../../../src/cli/commands/gradcheck.ts';
import { main as search } from '../../../src/cli/commands/search.ts';
import { main as start } from '../../../src/cli/commands/start.ts';
import { main as train } from '../../../src/cli/commands/train.ts';
import { main as trial } from '../../../src/cli/commands/trial.ts';
import { main as tune } from '../../../src/cli/commands/tune.ts';
import { readCheckpointFile } from '../../../src/cli/folders/checkpoint-file.ts';
import { parseTrialParams } from '../../../src/cli/options/trial-params.ts';
import { packageFolder } from '../../../src/hosts/node/dawn.ts';
import { UserError } from '../../../src/hosts/user-error.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-paths-'));
  file = join(folder, 'file');
  writeFileSync(file, 'as it was');
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** The kit carries an optional dependency. */
const hasDawn = packageFolder() !== undefined;

const commands = {
  build: (path: string) => build(['--out', path]),
  ...(hasDawn && { 'pack-bench': (path: string) => packBench(['--out', path, '--images', '0']) }),
  experiments: (path: string) => experiments(['--plan', path, '--only', 'base']),
  search: (path: string) => search(['--plan', path, '--lambda', '0.1,0.2']),
};

describe.each(Object.entries(commands))('%s refuses', (name, command) => {
  test('a file as its folder', async () => {
    const error = await command(file).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(
      name === 'pack-bench' ? /exists: name a new folder$/ : /file is a file, not a folder$/,
    );
  });

  test('a folder in a file', async () => {
    const path = join(file, 'x');
    await expect(command(path)).rejects.toThrow(`cannot make the folder ${path}: ${file} is a file`);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test.runIf(process.platform === 'linux')('a folder where there can be none', async () => {
    await expect(command('/proc/wgrad')).rejects.toThrow(
      /^cannot make the folder \/proc\/wgrad: (no folder can be made there|permission denied)$/,
    );
  });
});

/** An option of each command that takes a path, and what else the command needs. */
const options: readonly (readonly [
  string,
  (args: string[]) => Promise<unknown>,
  readonly string[],
  readonly string[],
])[] = [
  ['train', train, ['--out', '--data', '--init', '--resume', '--predict'], ['--steps', '1']],
  ['experiments', experiments, ['--out', '--data', '--plan', '--collect'], []],
  ['search', search, ['--out', '--data', '--plan', '--collect'], ['--lambda', '0.1,0.2']],
  ['trial', trial, ['--out', '--data', '--params', '--job'], []],
  ['gradcheck', gradcheck, ['--data'], []],
  ['tune', tune, ['--data', '--import', '--export'], []],
  ['build', build, ['--out', '--data'], []],
  ['start', start, ['--data'], []],
  ['bench', bench, ['--out', '--json', '--baseline'], []],
  ['pack-bench', packBench, ['--out', '--data'], []],
];
const cases = options.flatMap(([name, main, flags, others]) =>
  flags.map((flag) => [name, flag, main, others] as const),
);

test.each(cases)('%s refuses an empty path: %s', async (_, flag, main, others) => {
  await expect(main([...others, flag, ''])).rejects.toThrow(`${flag} must be a path, got ""`);
});

test('a trial refuses an empty path to its checkpoint', () => {
  expect(() => parseTrialParams('{"id":"a","settings":{},"checkpoint":""}')).toThrow(/checkpoint must NOT/);
});

test('files for results that cannot be written are refused before anything is measured', async () => {
  const message = `cannot write ${folder}: it is a folder`;
  await expect(tune(['--export', folder])).rejects.toThrow(message);
  await expect(bench(['--json', folder, '--out', join(folder, 'out')])).rejects.toThrow(message);
  await expect(tune(['--export', join(file, 'x')])).rejects.toThrow(`${file} is a file`);
  expect(readdirSync(folder)).toEqual(['file']);
});

test('a run does not go on in the folder of a finished experiment', async () => {
  const base = join(folder, 'base');
  mkdirSync(base);
  for (const name of ['checkpoint.safetensors', 'result.json']) writeFileSync(join(base, name), 'as it was');
  await expect(train(['--resume', base, '--host', 'node'])).rejects.toThrow(
    `--resume ${base} holds the result of an experiment, a trial or a population (result.json)`,
  );
  expect(readdirSync(base).filter((name) => !name.startsWith('.'))).toEqual([
    'checkpoint.safetensors',
    'result.json',
  ]);
});

test.each(['--resume', '--out'])('a file as the folder of a run: %s', async (flag) => {
  const others = flag === '--out' ? ['--steps', '1'] : [];
  await expect(train([flag, file, ...others])).rejects.toThrow(`${file} is a file, not a folder`);
});

test('data of a page that is built without them', async () => {
  await expect(build(['--data', folder])).rejects.toThrow(/^--data is for --with-data/);
});

test.runIf(hasDawn)('a kit for a platform without a name', async () => {
  const out = join(folder, 'kit');
  for (const platform of ['', '..', 'linux-x65']) {
    await expect(packBench(['--out', out, '--images', '0', '--platform', platform])).rejects.toThrow(
      `--platform ${platform}: webgpu has no build for it, it has darwin-universal, `,
    );
  }
  expect(readdirSync(folder)).toEqual(['file']);
});

test('a folder as a checkpoint', () => {
  expect(() => readCheckpointFile(folder, '')).toThrow(`${folder} is a folder, not a checkpoint`);
  expect(() => readCheckpointFile(join(folder, 'none'), '')).toThrow(/none cannot be read: ENOENT/);
});
