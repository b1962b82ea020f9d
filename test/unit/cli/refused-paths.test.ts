/** Paths at which a command cannot do its work: one line that names them, before anything is built, fetched or written. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main as packBench } from '../../../bench/kit/pack.ts';
import { main as build } from '../../../src/cli/commands/build.ts';
import { main as experiments } from '../../../src/cli/commands/experiments.ts';
import { main as search } from '../../../src/cli/commands/search.ts';
import { readCheckpointFile } from '../../../src/cli/folders/checkpoint-file.ts';
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

const commands = {
  build: (path: string) => build(['--out', path]),
  'pack-bench': (path: string) => packBench(['--out', path, '--images', '0']),
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
      'cannot make the folder /proc/wgrad: no folder can be made there',
    );
  });
});

test('a kit for a platform without a name', async () => {
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
