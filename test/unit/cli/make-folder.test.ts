import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFolder } from '../../../src/cli/folders/make-folder.ts';
import { checkTargetFile } from '../../../src/cli/folders/target-file.ts';
import { writeWholeFolder } from '../../../src/cli/folders/whole-folder.ts';
import { projectRoot } from '../../../src/hosts/project-root.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder', () => {
  test('is made with those above it, and the topmost of them is known', () => {
    expect(makeFolder(join(folder, 'a/b/c'))).toBe(join(folder, 'a'));
    expect(existsSync(join(folder, 'a/b/c'))).toBe(true);
    expect(makeFolder(join(folder, 'a/b/c'))).toBeUndefined();
    expect(makeFolder(join(folder, 'a/b/d'))).toBe(join(folder, 'a/b/d'));
    symlinkSync(join(folder, 'a'), join(folder, 'link'));
    expect(makeFolder(join(folder, 'link'))).toBeUndefined();
  });

  test('that is a file, or would stand in one, is refused', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow(`${file} is a file, not a folder`);
    expect(() => makeFolder(join(file, 'x/y'))).toThrow(
      `cannot make the folder ${join(file, 'x/y')}: ${file} is a file`,
    );
  });

  // In a process of its own: where it does not end, nothing here could stop it.
  test.runIf(process.platform === 'linux')('under /proc is refused, in no time', () => {
    const module = JSON.stringify(join(projectRoot, 'src/data/files/missing-folders.mjs'));
    const script = `import(${module}).then(({ makeMissingFolders }) => makeMissingFolders('/proc/wgrad/x')).catch((e) => console.log(e.code))`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { timeout: 20_000, encoding: 'utf8' });
    // Root is told that there is nothing, others that they may not.
    expect(stdout).toMatch(/^(ENOENT|EACCES)\n$/);
    expect(() => makeFolder('/proc/wgrad/x')).toThrow(
      /^cannot make the folder \/proc\/wgrad\/x: (no folder can be made there|permission denied)$/,
    );
  });
});

test('no command makes folders in a way that may not end', () => {
  const sources = ['src', 'bench'].flatMap((part) =>
    readdirSync(join(projectRoot, part), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs)$/.test(name))
      .map((name) => join(part, name)),
  );
  const makes = sources.filter((path) =>
    /\bmkdir(Sync)?\([^;]*recursive: true/.test(readFileSync(join(projectRoot, path), 'utf8')),
  );
  // Of the project itself.
  expect(makes).toEqual(['src/cli/setup/in-use.mjs']);
});

describe('a folder that is made anew', () => {
  const out = () => join(folder, 'new/out');

  test('is whole', async () => {
    await writeWholeFolder(out(), async (unfinished) => writeFileSync(join(unfinished, 'a'), ''));
    await writeWholeFolder(out(), async (unfinished) => writeFileSync(join(unfinished, 'b'), ''));
    expect([readdirSync(join(folder, 'new')), readdirSync(out())]).toEqual([['out'], ['b']]);
  });

  test('is not there where that failed, and an older one stays', async () => {
    const fail = async (unfinished: string) => {
      writeFileSync(join(unfinished, 'half'), '');
      throw new Error('the cause');
    };
    await expect(writeWholeFolder(out(), fail)).rejects.toThrow('the cause');
    expect(readdirSync(folder)).toEqual([]);
    await writeWholeFolder(out(), async (unfinished) => writeFileSync(join(unfinished, 'a'), ''));
    await expect(writeWholeFolder(out(), fail)).rejects.toThrow('the cause');
    expect([readdirSync(join(folder, 'new')), readdirSync(out())]).toEqual([['out'], ['a']]);
  });

  test('in a file: one line', async () => {
    writeFileSync(join(folder, 'new'), '');
    await expect(writeWholeFolder(out(), async () => {})).rejects.toThrow(
      `cannot make the folder ${out()}: ${join(folder, 'new')} is a file`,
    );
  });
});

test('a file that cannot be written is refused before the work, and one that can leaves no trace', () => {
  expect(() => checkTargetFile(folder)).toThrow(`cannot write ${folder}: it is a folder`);
  writeFileSync(join(folder, 'file'), 'as it was');
  expect(() => checkTargetFile(join(folder, 'file/x'))).toThrow(`${join(folder, 'file')} is a file`);
  checkTargetFile(join(folder, 'file'));
  checkTargetFile(join(folder, 'results.json'));
  expect(readdirSync(folder)).toEqual(['file']);
});
