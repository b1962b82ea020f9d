import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  removeStaleTemporaries,
  STALE_AFTER_MS,
  temporaryPath,
  withTemporaryDirectory,
  writeFileAtomically,
} from '../../../src/data/files/atomic-file.ts';
import {
  acceptIntoCache,
  cacheDirectory,
  checkRecordFiles,
  openCache,
} from '../../../src/data/files/cache.ts';
import { checkFile } from '../../../src/data/files/verified-file.ts';
import { writeRecordFiles } from './fake-archives.ts';
import { fakeSet } from './fake-records.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const directory = temporaryDirectory();
const fake = fakeSet(2);
const [file] = fake.set.files;
const { records } = fake.contents.get(file!.name)!;
const expected = { sizeBytes: records.length, sha256: file!.sha256 };

describe('cacheDirectory', () => {
  const linux = { platform: 'linux', home: '/home/u', env: {} } as const;
  test.each([
    [linux, '/home/u/.cache/wgrad'],
    [{ ...linux, env: { XDG_CACHE_HOME: '/x' } }, '/x/wgrad'],
    [{ ...linux, env: { XDG_CACHE_HOME: 'relative' } }, '/home/u/.cache/wgrad'],
    [{ ...linux, env: { XDG_CACHE_HOME: '/x', WGRAD_DATA: '/w' } }, '/w'],
    [{ ...linux, env: { WGRAD_DATA: '' } }, '/home/u/.cache/wgrad'],
    [{ ...linux, env: { WGRAD_DATA: 'w' } }, resolve('w')],
    [{ ...linux, platform: 'darwin' }, '/home/u/Library/Caches/wgrad'],
    [{ ...linux, platform: 'win32', env: { LOCALAPPDATA: '/local' } }, '/local/wgrad/cache'],
  ] as const)('%j', (surroundings, path) => {
    expect(cacheDirectory(surroundings)).toBe(path);
  });
});

describe('checkFile', () => {
  test('verified, missing, too short, too long, altered', async () => {
    const path = join(directory.path, 'file');
    const check = () => checkFile(path, expected);
    expect(await check()).toEqual({ state: 'missing' });
    await writeFile(path, records);
    expect(await check()).toEqual({ state: 'verified' });
    await writeFile(path, records.subarray(1));
    expect(await check()).toEqual({ state: 'wrong', reason: 'has 6145 bytes instead of 6146' });
    await writeFile(path, [records, Uint8Array.of(0)]);
    expect(await check()).toEqual({ state: 'wrong', reason: 'has 6147 bytes instead of 6146' });
    await writeFile(path, alteredRecords());
    expect(await check()).toMatchObject({
      state: 'wrong',
      reason: expect.stringMatching(/^has SHA-256 .* instead of/),
    });
    await mkdir(`${path}-folder`);
    expect(await checkFile(`${path}-folder`, expected)).toEqual({ state: 'wrong', reason: 'is not a file' });
  });

  test('a verified file is not hashed again; a changed one is, and found out', async () => {
    const path = join(directory.path, 'file');
    const markers = join(directory.path, 'markers');
    let hashed = 0;
    const check = () => checkFile(path, expected, markers, () => hashed++);
    await writeFile(path, records);
    expect(await check()).toEqual({ state: 'verified' });
    expect(hashed).toBe(1);
    expect(await check()).toEqual({ state: 'verified' });
    expect(hashed).toBe(1);
    // Another time, same content: hashed, good.
    await utimes(path, 1, 1);
    expect(await check()).toEqual({ state: 'verified' });
    expect(hashed).toBe(2);
    // Same size, other content.
    await writeFile(path, alteredRecords());
    expect(await check()).toMatchObject({ state: 'wrong' });
    expect(hashed).toBe(3);
  });

  test('the marker of one SHA-256 does not vouch for another', async () => {
    const path = join(directory.path, 'file');
    await writeFile(path, records);
    await checkFile(path, expected, directory.path);
    const other = { ...expected, sha256: '0'.repeat(64) };
    expect(await checkFile(path, other, directory.path)).toMatchObject({ state: 'wrong' });
  });

  test('markers that cannot be written cost only time', async () => {
    const path = join(directory.path, 'file');
    await writeFile(path, records);
    expect(await checkFile(path, expected, join(path, 'below-a-file'))).toEqual({ state: 'verified' });
  });
});

describe('the cache', () => {
  test('accepts a right file, remembers it, and refuses a wrong one', async () => {
    const cache = join(directory.path, 'cache');
    await openCache(cache);
    const path = join(directory.path, 'new');
    await writeFile(path, records);
    await acceptIntoCache(cache, fake.set, file!, path);
    expect(new Uint8Array(await readFile(join(cache, file!.name)))).toEqual(records);
    await expect(stat(path)).rejects.toThrow('ENOENT');
    let hashed = 0;
    const checks = await checkRecordFiles(cache, fake.set, cache, () => hashed++);
    expect([...checks.values()].map((check) => check.state)).toEqual(['verified', 'missing', 'missing']);
    expect(hashed).toBe(0);

    await writeFile(path, alteredRecords());
    await expect(acceptIntoCache(cache, fake.set, file!, path)).rejects.toThrow(
      /^data_batch_1\.bin has SHA-256 /,
    );
    expect(new Uint8Array(await readFile(join(cache, file!.name)))).toEqual(records);
    await expect(acceptIntoCache(cache, fake.set, file!, `${path}er`)).rejects.toThrow(
      'data_batch_1.bin is missing',
    );
  });

  test('hashing reports bytes over all files', async () => {
    await writeRecordFiles(directory.path, fake);
    const seen: string[] = [];
    await checkRecordFiles(directory.path, fake.set, directory.path, ({ name }, bytes) =>
      seen.push(`${name} ${bytes}`),
    );
    expect(seen).toEqual(['data_batch_1.bin 6146', 'data_batch_2.bin 12292', 'test_batch.bin 18438']);
  });
});

describe('atomic files', () => {
  test('a write makes its folder and leaves nothing else behind', async () => {
    const folder = join(directory.path, 'a', 'b');
    await writeFileAtomically(folder, 'x', 'one');
    await writeFileAtomically(folder, 'x', 'two');
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['x']);
  });

  test('a write that fails leaves the old file and nothing else', async () => {
    await mkdir(join(directory.path, 'x'));
    await expect(writeFileAtomically(directory.path, 'x', 'data')).rejects.toThrow();
    expect(await readdir(directory.path)).toEqual(['x']);
  });

  test('writers at the same time: one of them wins, whole', async () => {
    const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(100_000));
    await Promise.all(texts.map((text) => writeFileAtomically(directory.path, 'x', text)));
    expect(texts).toContain(await readFile(join(directory.path, 'x'), 'utf8'));
    expect(await readdir(directory.path)).toEqual(['x']);
  });

  test('a temporary folder is gone afterwards, also after an error', async () => {
    const failing = withTemporaryDirectory(directory.path, async (path) => {
      await writeFile(join(path, 'x'), 'data');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('only temporaries in which nothing was written for hours are cleared away', async () => {
    const old = new Date(Date.now() - STALE_AFTER_MS - 60_000);
    const young = new Date(Date.now() - STALE_AFTER_MS + 60_000);
    const make = async (time: Date, inside?: Date) => {
      const path = temporaryPath(directory.path);
      await mkdir(path);
      if (inside) {
        await writeFile(join(path, 'x'), 'data');
        await utimes(join(path, 'x'), inside, inside);
      }
      await utimes(path, time, time);
      return path.slice(directory.path.length + 1);
    };
    await make(old);
    await make(old, old);
    const kept = [await make(young), await make(old, young), 'other'];
    await writeFile(join(directory.path, 'other'), 'data');
    await utimes(join(directory.path, 'other'), old, old);
    await removeStaleTemporaries(directory.path);
    expect((await readdir(directory.path)).toSorted()).toEqual(kept.toSorted());
  });
});

/** As long as the right ones, one bit different. */
function alteredRecords(): Uint8Array {
  const altered = records.slice();
  altered[100]! ^= 1;
  return altered;
}
