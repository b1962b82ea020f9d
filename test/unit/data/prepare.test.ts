import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { datasetCache } from '../../../src/data/files/cache.ts';
import { DataError } from '../../../src/data/files/data-error.ts';
import { officialArchive } from '../../../src/data/files/official-archive.ts';
import { prepareDataset } from '../../../src/data/files/prepare.ts';
import { progressLines } from '../../../src/data/files/progress-lines.ts';
import type { DownloadSource } from '../../../src/data/files/sources.ts';
import { writeRecordFiles } from './fake-archives.ts';
import { fakeSet } from './fake-records.ts';
import { closedAddress } from './local-server.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const directory = temporaryDirectory();
const fake = fakeSet(2);
const { set } = fake;
let cache = '';
beforeEach(() => {
  cache = join(directory.path, 'cache');
});

const archive = set.sources.find((source) => source.kind === 'archive')!;

/** A source that has everything, and remembers what was asked of it. */
function fullSource() {
  const asked: string[][] = [];
  const source: DownloadSource = {
    name: 'full source',
    obtain: async ({ wanted, workDirectory, accept }) => {
      asked.push(wanted.map((file) => file.name));
      for (const file of wanted) {
        const path = join(workDirectory, file.name);
        await writeFile(path, fake.contents.get(file.name)!.records);
        await accept(file, path);
      }
    },
  };
  return { source, asked };
}

const refusing: DownloadSource = {
  name: 'refusing',
  obtain: () => Promise.reject(new Error('no\nmore lines')),
};

test('a data set has a folder of its own in the cache, but for files that lie in the cache itself', async () => {
  expect(datasetCache(set, cache)).toBe(join(cache, 'cifar10'));
  await writeRecordFiles(cache, fake);
  expect(datasetCache(set, cache)).toBe(cache);
});

describe('a directory that the user names', () => {
  const noSources = { set, sources: [] };

  test('with the files, or with the folder of the official archive', async () => {
    await writeRecordFiles(join(directory.path, 'a'), fake);
    const flat = await prepareDataset({ ...noSources, cache, dataDir: join(directory.path, 'a') });
    expect(flat).toEqual({ directory: join(directory.path, 'a'), source: 'directory', cache, set });

    const unpacked = join(directory.path, 'b', 'cifar-10-batches-bin');
    await writeRecordFiles(unpacked, fake);
    const nested = await prepareDataset({ ...noSources, cache, dataDir: join(directory.path, 'b') });
    expect(nested.directory).toBe(unpacked);
  });

  test('is only read', async () => {
    const dataDir = join(directory.path, 'a');
    await writeRecordFiles(dataDir, fake);
    const before = await readdir(dataDir);
    await prepareDataset({ ...noSources, cache, dataDir });
    expect(await readdir(dataDir)).toEqual(before);
  });

  test('that is not there, lacks a file, or holds an altered one: named, and nothing is fetched instead', async () => {
    const dataDir = join(directory.path, 'a');
    const { source, asked } = fullSource();
    const failure = () => prepareDataset({ set, cache, dataDir, sources: [source] }).catch((error) => error);
    expect(await failure()).toEqual(new DataError(`--data ${dataDir}: there is no such directory`));

    await writeRecordFiles(dataDir, fake);
    await rm(join(dataDir, 'test_batch.bin'));
    expect(await failure()).toBeInstanceOf(DataError);
    expect((await failure()).message).toBe(
      `--data ${dataDir}: test_batch.bin is missing; ` +
        'the directory must hold data_batch_1.bin, data_batch_2.bin, test_batch.bin',
    );
    const altered = fake.contents.get('test_batch.bin')!.records.slice();
    altered[0]! ^= 1;
    await writeFile(join(dataDir, 'test_batch.bin'), altered);
    expect((await failure()).message).toMatch(/test_batch\.bin has SHA-256 .*; it is not the official file$/);
    await writeFile(join(dataDir, 'test_batch.bin'), altered.subarray(1));
    expect((await failure()).message).toMatch(/test_batch\.bin has 6145 bytes instead of 6146; it is not/);
    expect(asked).toEqual([]);
  });
});

describe('the cache', () => {
  test('is filled once', async () => {
    const { source, asked } = fullSource();
    const first = await prepareDataset({ set, cache, sources: [source] });
    expect(first).toEqual({ directory: cache, source: 'full source', cache, set });
    const second = await prepareDataset({ set, cache, sources: [source] });
    expect(second.source).toBe('cache');
    expect(asked).toHaveLength(1);
    expect((await readdir(cache)).toSorted()).toEqual([...set.files.map((file) => file.name), 'verified']);
  });

  test('a truncated and an altered file are named, and they alone are fetched again', async () => {
    const { source, asked } = fullSource();
    await prepareDataset({ set, cache, sources: [source] });
    const { records } = fake.contents.get('data_batch_2.bin')!;
    await writeFile(join(cache, 'data_batch_1.bin'), 'short');
    await writeFile(join(cache, 'data_batch_2.bin'), records.slice().fill(0, 0, 9));
    const notices: string[] = [];
    await prepareDataset({ set, cache, sources: [source], onNotice: (line) => notices.push(line) });
    expect(notices).toEqual([
      'cache: data_batch_1.bin has 5 bytes instead of 6146; fetching it again',
      expect.stringMatching(/^cache: data_batch_2\.bin has SHA-256 .*; fetching it again$/),
    ]);
    expect(asked[1]).toEqual(['data_batch_1.bin', 'data_batch_2.bin']);
    expect(new Uint8Array(await readFile(join(cache, 'data_batch_2.bin')))).toEqual(records);
  });

  test('several preparations at the same time all succeed', async () => {
    const all = Array.from({ length: 4 }, () =>
      prepareDataset({ set, cache, sources: [fullSource().source] }),
    );
    expect((await Promise.all(all)).map((prepared) => prepared.directory)).toEqual([
      cache,
      cache,
      cache,
      cache,
    ]);
    expect((await prepareDataset({ set, cache, sources: [] })).source).toBe('cache');
  });

  test('a file in it that cannot be read is fetched again', async () => {
    const { source, asked } = fullSource();
    await prepareDataset({ set, cache, sources: [source] });
    await rm(join(cache, 'data_batch_1.bin'));
    await symlink('data_batch_1.bin', join(cache, 'data_batch_1.bin'));
    const notices: string[] = [];
    await prepareDataset({ set, cache, sources: [source], onNotice: (line) => notices.push(line) });
    expect(notices).toEqual([expect.stringMatching(/^cache: data_batch_1\.bin cannot be read \(ELOOP/)]);
    expect(asked[1]).toEqual(['data_batch_1.bin']);
  });

  describe('that cannot be used ends nothing:', () => {
    beforeEach(async () => {
      await writeFile(cache, 'a file');
      await mkdir(join(directory.path, 'tmp'));
      vi.stubEnv('TMPDIR', join(directory.path, 'tmp'));
    });
    afterEach(() => {
      vi.unstubAllEnvs();
    });
    const below = () => join(cache, 'wgrad');

    test('a private one stands in for it, now and the next time, with one line', async () => {
      const { source, asked } = fullSource();
      const notices: string[] = [];
      const onNotice = (line: string) => notices.push(line);
      const first = await prepareDataset({ set, cache: below(), sources: [source], onNotice });
      expect(first.directory.startsWith(join(directory.path, 'tmp'))).toBe(true);
      expect(first.cache).toBe(first.directory);
      expect(notices).toEqual([
        expect.stringMatching(
          /^the cache .*wgrad cannot be written to \(.*cache is a file\): .* stands in for it$/,
        ),
      ]);
      const second = await prepareDataset({ set, cache: below(), sources: [] });
      expect(second).toEqual({ ...first, source: 'cache' });
      expect(asked).toHaveLength(1);
    });

    test('the user’s own folder of data needs none', async () => {
      const dataDir = join(directory.path, 'mine');
      await writeRecordFiles(dataDir, fake);
      expect((await prepareDataset({ set, cache: below(), dataDir, sources: [] })).directory).toBe(dataDir);
      vi.stubEnv('TMPDIR', join(cache, 'tmp'));
      expect((await prepareDataset({ set, cache: below(), dataDir, sources: [] })).cache).toBe(below());
    });

    test('where nothing stands in for it and the data are missing, it says so', async () => {
      vi.stubEnv('TMPDIR', join(cache, 'tmp'));
      await expect(prepareDataset({ set, cache: below(), sources: [] })).rejects.toThrow(
        /^the cache .* cannot be used \(ENOTDIR.*; set WGRAD_DATA or pass --data DIR$/,
      );
    });
  });
});

describe('sources', () => {
  test('an unreachable one is told in a line, and the next one is asked', async () => {
    const notices: string[] = [];
    const unreachable = officialArchive({ ...archive, url: await closedAddress() });
    const { source } = fullSource();
    const onNotice = (line: string) => notices.push(line);
    const prepared = await prepareDataset({ set, cache, sources: [unreachable, refusing, source], onNotice });
    expect(prepared.source).toBe('full source');
    expect(notices).toEqual([
      expect.stringMatching(/^official archive: connect ECONNREFUSED/),
      'refusing: no',
    ]);
  });

  test('what one brought before it failed is not asked of the next', async () => {
    const { source: full, asked } = fullSource();
    const half: DownloadSource = {
      name: 'half',
      obtain: async (task) => {
        await full.obtain({ ...task, wanted: task.wanted.slice(0, 2) });
        throw new Error('broken');
      },
    };
    await prepareDataset({ set, cache, sources: [half, full] });
    expect(asked).toEqual([['data_batch_1.bin', 'data_batch_2.bin'], ['test_batch.bin']]);
  });

  test('a full disk: one line that names the folder and what to do, and no other source is asked', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const { source, asked } = fullSource();
    const sources = [{ name: 'first', obtain: () => Promise.reject(full) }, source];
    await expect(prepareDataset({ set, cache, sources })).rejects.toThrow(
      new DataError(
        `CIFAR-10 does not fit into ${cache}: no space is left there; make room, or set WGRAD_DATA to a folder on another disk`,
      ),
    );
    expect(asked).toEqual([]);
    expect((await readdir(cache)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('all failing: one line with every reason and the way out, and no rubbish left', async () => {
    const notices: string[] = [];
    const onNotice = (line: string) => notices.push(line);
    const sources = [refusing, { ...refusing, name: 'second' }];
    const failure = prepareDataset({ set, cache, sources, onNotice });
    await expect(failure).rejects.toThrow(
      new DataError(
        'CIFAR-10 could not be fetched (refusing: no; second: no): get ' +
          'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz elsewhere, unpack it, and pass --data DIR',
      ),
    );
    expect(await readdir(cache)).toEqual([]);
    // Of the last one, nothing is asked any more: the error tells.
    expect(notices).toEqual(['refusing: no']);
  });

  test('one that leaves a file out without a word is an error too', async () => {
    const idle: DownloadSource = { name: 'idle', obtain: async () => {} };
    await expect(prepareDataset({ set, cache, sources: [idle] })).rejects.toThrow(
      '(idle: it did not bring data_batch_1.bin)',
    );
  });
});

test('progress lines: one at a change of phase, then one per interval', () => {
  const lines: string[] = [];
  const slow = progressLines((line) => lines.push(line), 60_000);
  slow({ source: 'npm', phase: 'download', doneBytes: 0 });
  slow({ source: 'npm', phase: 'download', doneBytes: 5e6, totalBytes: 1e7 });
  slow({ source: 'npm', phase: 'convert', doneBytes: 1.5e6, totalBytes: 1e7 });
  expect(lines).toEqual(['data: npm: download 0.0 MB', 'data: npm: convert 1.5 of 10.0 MB']);
  const fast = progressLines((line) => lines.push(line), 0);
  for (const doneBytes of [1, 2]) fast({ source: 'npm', phase: 'download', doneBytes });
  expect(lines).toHaveLength(4);
});
