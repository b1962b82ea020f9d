import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { keptBuild, sourceHash } from '../../../src/hosts/build-cache.mjs';
import { UserError } from '../../../src/hosts/user-error.ts';
import { temporaryDirectory } from '../data/temporary-directory.ts';

const directory = temporaryDirectory();
const make = vi.fn(async (folder: string) => writeFileSync(join(folder, 'main.mjs'), 'made'));
beforeEach(() => {
  make.mockClear();
  vi.stubEnv('XDG_CACHE_HOME', directory.path);
  return () => vi.unstubAllEnvs();
});

describe('sourceHash', () => {
  test('changes with the name and content of every file, and not with results', () => {
    const root = directory.path;
    mkdirSync(join(root, 'src/deep'), { recursive: true });
    mkdirSync(join(root, 'src/results'));
    writeFileSync(join(root, 'src/deep/a.ts'), 'a');
    writeFileSync(join(root, 'lock.json'), '{}');
    const hash = () => sourceHash(root, ['src', 'lock.json']);
    const seen = [hash()];
    writeFileSync(join(root, 'src/results/big.json'), '[]');
    expect(hash()).toBe(seen[0]);
    const change = (path: string, text: string) => {
      writeFileSync(join(root, path), text);
      seen.push(hash());
    };
    change('src/deep/a.ts', 'b');
    change('lock.json', '{ }');
    change('src/b.ts', '');
    change('src/deep/b.ts', '');
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('keptBuild', () => {
  const build = (key: string) => keptBuild('commands', key, 'main.mjs', make);
  const builds = () => readdirSync(join(directory.path, 'wgrad', 'builds'));

  test('is made once', async () => {
    const folder = await build('1');
    expect(readFileSync(join(folder, 'main.mjs'), 'utf8')).toBe('made');
    expect(await build('1')).toBe(folder);
    expect(make).toHaveBeenCalledTimes(1);
    expect(await build('2')).not.toBe(folder);
    expect(builds()).toEqual(['commands-1', 'commands-2']);
  });

  test('is made again where files are missing', async () => {
    const folder = await build('1');
    rmSync(join(folder, 'main.mjs'));
    await build('1');
    expect(make).toHaveBeenCalledTimes(2);
    expect(existsSync(join(folder, 'main.mjs'))).toBe(true);
  });

  test.each(['cut off', 'other bytes', 'gone'])('is made again where a part of it is %s', async (damage) => {
    const parted = vi.fn(async (folder: string) => {
      mkdirSync(join(folder, 'assets'));
      writeFileSync(join(folder, 'main.mjs'), 'made');
      writeFileSync(join(folder, 'assets', 'part.mjs'), 'a part');
    });
    const again = () => keptBuild('commands', '1', 'main.mjs', parted);
    const part = join(await again(), 'assets', 'part.mjs');
    await again();
    expect(parted).toHaveBeenCalledTimes(1);
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    if (damage === 'gone') rmSync(part);
    else writeFileSync(part, damage === 'cut off' ? 'a p' : 'a parT');
    await again();
    expect(error.mock.calls).toEqual([[expect.stringMatching(/commands-1 is damaged: building it again$/)]]);
    error.mockRestore();
    expect(readFileSync(part, 'utf8')).toBe('a part');
    expect(parted).toHaveBeenCalledTimes(2);
  });

  test('two processes at once end with one build', async () => {
    const folders = await Promise.all([build('1'), build('1')]);
    expect(new Set(folders).size).toBe(1);
    expect(builds()).toEqual(['commands-1']);
  });

  test('what fails leaves nothing', async () => {
    make.mockRejectedValueOnce(new Error('does not compile'));
    await expect(build('1')).rejects.toThrow('does not compile');
    expect(builds()).toEqual([]);
  });

  test('the least recently used go', async () => {
    for (let i = 0; i < 12; i++) {
      await build(`${i}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await build('other');
    expect(builds()).not.toContain('commands-0');
    expect(builds()).toContain('commands-11');
    expect(builds()).toHaveLength(10);
  });

  test.each(['/dev/null', 'relative', undefined])(
    'a cache folder that cannot be used (XDG_CACHE_HOME=%s) costs time, not the run',
    async (folder) => {
      vi.stubEnv('XDG_CACHE_HOME', folder);
      vi.stubEnv('HOME', '/dev/null');
      const made = await build('1');
      expect(readFileSync(join(made, 'main.mjs'), 'utf8')).toBe('made');
      rmSync(made, { recursive: true });
    },
  );

  describe('no space left', () => {
    const full = (path: string) => path.startsWith(directory.path);
    const words =
      'Build failed with 1 error:\n\nFailed to write file\n\nCaused by:\n    No space left on device';
    const error = () => vi.spyOn(console, 'error').mockImplementation(() => {});

    test.each([
      ['in the words of the file system', Object.assign(new Error('it failed'), { code: 'ENOSPC' })],
      ['in the words of the bundler', new Error(words)],
    ])('in the cache (%s): a temporary build and one line', async (_, problem) => {
      const lines = error();
      make.mockImplementationOnce((folder) =>
        full(folder) ? Promise.reject(problem) : Promise.reject(new Error('not in the cache')),
      );
      const made = await build('1');
      expect(full(made)).toBe(false);
      expect(readFileSync(join(made, 'main.mjs'), 'utf8')).toBe('made');
      expect(builds()).toEqual([]);
      expect(lines.mock.calls).toEqual([
        [
          `no space is left in ${join(directory.path, 'wgrad', 'builds')}: what is built lasts as long as this command`,
        ],
      ]);
      lines.mockRestore();
      rmSync(made, { recursive: true });
    });

    test.skipIf(!existsSync('/dev/full'))('for the list of its files: nothing is kept', async () => {
      const lines = error();
      make.mockImplementationOnce(async (folder) => symlinkSync('/dev/full', join(folder, '.files.json')));
      const made = await build('1');
      expect(full(made)).toBe(false);
      expect(builds()).toEqual([]);
      lines.mockRestore();
      rmSync(made, { recursive: true });
    });

    test('nor among the temporary folders: one line that says what to do', async () => {
      const lines = error();
      const temporary = join(directory.path, 'temporary');
      mkdirSync(temporary);
      vi.stubEnv('TMPDIR', temporary);
      const nowhere = keptBuild('commands', '1', 'main.mjs', () => Promise.reject(new Error(words)));
      await expect(nowhere).rejects.toThrow(
        new UserError(
          `temporary files cannot be written to ${temporary} (no space left on the device): make room there, or set TMPDIR to another folder`,
        ),
      );
      lines.mockRestore();
      expect(readdirSync(temporary)).toEqual([]);
    });
  });

  test('a temporary build is gone when the process has ended', () => {
    const script = `
      import { writeFileSync } from 'node:fs';
      import { keptBuild } from ${JSON.stringify(new URL('../../../src/hosts/build-cache.mjs', import.meta.url).href)};
      console.log(await keptBuild('commands', '1', 'main.mjs', async (folder) => writeFileSync(folder + '/main.mjs', '')));`;
    const made = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: '/dev/null' },
    }).trim();
    expect(made).toMatch(/wgrad-build-/);
    expect(existsSync(made)).toBe(false);
  });
});
