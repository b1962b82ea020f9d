import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkProjectPath, provideHome, standingFolder } from '../../../../src/cli/setup/place.mjs';

let folder: string;
let root: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-place-'));
  root = join(folder, 'project');
  mkdirSync(root);
  symlinkSync(root, join(folder, 'link'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('relative paths are relative to', () => {
  const npm = () => ({
    INIT_CWD: '/user',
    npm_lifecycle_event: 'train',
    npm_package_json: join(root, 'package.json'),
  });

  test('the working folder, where node was called', () => {
    expect(standingFolder('train', root, {}, '/elsewhere')).toBe('/elsewhere');
  });

  test('the folder in which npm was called, where npm runs this script', () => {
    expect(standingFolder('train', root, npm(), root)).toBe('/user');
    const linked = { ...npm(), npm_package_json: join(folder, 'link', 'package.json') };
    expect(standingFolder('train', root, linked, root)).toBe('/user');
    const relative = { INIT_CWD: '/user', npm_lifecycle_event: 'train' }; // Yarn 1.
    expect(standingFolder('train', root, relative, root)).toBe('/user');
  });

  test('the working folder, where npm runs something above that calls node', () => {
    expect(standingFolder('train', root, { ...npm(), npm_lifecycle_event: 'test' }, root)).toBe(root);
    expect(standingFolder('train', root, { ...npm(), npm_package_json: '/other/package.json' }, root)).toBe(
      root,
    );
    expect(standingFolder('train', root, npm(), '/elsewhere')).toBe('/elsewhere');
  });
});

describe('a home folder', () => {
  test('that is there stays', () => {
    const env = {};
    expect(provideHome(env, () => '/home/u')).toBeUndefined();
    expect(env).toEqual({});
  });

  test.each([
    [
      'missing',
      () => {
        throw new Error('A system error occurred: uv_os_homedir returned ENOENT');
      },
    ],
    ['empty', () => ''],
    ['relative', () => 'home'],
  ])('that is %s is replaced by a private one, the same each time', (_, find) => {
    vi.stubEnv('TMPDIR', folder);
    const env: NodeJS.ProcessEnv = {};
    const home = provideHome(env, find)!;
    expect(env.HOME).toBe(home);
    expect(home.startsWith(folder)).toBe(true);
    if (process.platform !== 'win32') expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(provideHome({}, find)).toBe(home);
    vi.unstubAllEnvs();
  });

  test.skipIf(process.platform === 'win32')('is not one that others can write to', () => {
    vi.stubEnv('TMPDIR', mkdtempSync(join(folder, 'shared-')));
    const taken = join(tmpdir(), `wgrad-${process.getuid!()}`);
    mkdirSync(taken, { mode: 0o777 });
    symlinkSync(taken, `${taken}-link`);
    const home = provideHome({}, () => '')!;
    expect(home).not.toBe(taken);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    vi.unstubAllEnvs();
  });
});

describe('the path of the project', () => {
  test.each(['#', '?'])('with %s is refused, naming it', (character) => {
    expect(() => checkProjectPath(`/a${character}b`)).toThrow(
      `the project cannot run in a folder with "${character}" in its path: move or rename /a${character}b`,
    );
  });

  test('with spaces, quotes, percent signs, umlauts is not', () => {
    expect(() => checkProjectPath(`/a b'c"d%20e%ü;&[*]`)).not.toThrow();
  });
});
