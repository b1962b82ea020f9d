import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { normalisationBytes } from '../../../src/data/files/normalisation-file.ts';
import type { PreparedData } from '../../../src/data/files/prepare.ts';
import { dataMiddleware } from '../../../src/data/files/serve.ts';
import { loadNormalisation, streamImages } from '../../../src/data/load.ts';
import {
  computeNormalisation,
  parseNormalisation,
  serialiseNormalisation,
} from '../../../src/data/normalisation.ts';
import { writeRecordFiles } from './fake-archives.ts';
import { fakeSet } from './fake-records.ts';
import { localServer } from './local-server.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const directory = temporaryDirectory();
const fake = fakeSet(4);
const trainImages = new Uint8Array(
  Buffer.concat(['data_batch_1.bin', 'data_batch_2.bin'].map((name) => fake.contents.get(name)!.images)),
);
const { records } = fake.contents.get('data_batch_2.bin')!;
let prepared: PreparedData;
beforeEach(async () => {
  await writeRecordFiles(directory.path, fake);
  const cache = join(directory.path, 'cache');
  prepared = { directory: directory.path, source: 'directory', cache, set: fake.set };
});

/** A server of the fake data set that answers 299 to what the middleware passes on. */
function serveFake(prepare: () => Promise<PreparedData> = async () => prepared) {
  const middleware = dataMiddleware(fake.set, prepare);
  return localServer((req, res) => middleware(req, res, () => res.writeHead(299).end()));
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe('normalisationBytes', () => {
  test.each([3, 4, 5, 8])('of the first %d training images, over file borders', async (count) => {
    const bytes = await normalisationBytes(prepared, count);
    const expected = serialiseNormalisation(computeNormalisation(trainImages, count, 3072));
    expect(Buffer.compare(bytes, expected)).toBe(0);
    expect(Buffer.compare(await readFile(join(prepared.cache, `normalisation-${count}.f64`)), expected)).toBe(
      0,
    );
  });

  test.each([0, 9, 1.5, Number.NaN])('%s images are refused', async (count) => {
    await expect(normalisationBytes(prepared, count)).rejects.toThrow('must be from 1 to 8');
  });

  test('is kept: not computed again while the kept file can be right', async () => {
    await normalisationBytes(prepared, 5);
    const path = join(prepared.cache, 'normalisation-5.f64');
    const other = serialiseNormalisation(computeNormalisation(trainImages, 6, 3072));
    await writeFile(path, other);
    expect(Buffer.compare(await normalisationBytes(prepared, 5), other)).toBe(0);

    const right = serialiseNormalisation(computeNormalisation(trainImages, 5, 3072));
    const broken = right.slice();
    new DataView(broken.buffer).setFloat64(80, Number.NaN, true);
    for (const content of [right.subarray(1), broken]) {
      await writeFile(path, content);
      expect(Buffer.compare(await normalisationBytes(prepared, 5), right)).toBe(0);
      expect(Buffer.compare(await readFile(path), right)).toBe(0);
    }
  });

  test('is computed also where nothing can be kept', async () => {
    const unwritable = { ...prepared, cache: join(directory.path, 'data_batch_1.bin') };
    expect(await normalisationBytes(unwritable, 5)).toHaveLength(49_152);
  });
});

describe('dataMiddleware', () => {
  test('a whole file', async () => {
    const response = await fetch(`${await serveFake()}/data/cifar10/data_batch_2.bin?x=1`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(`${records.length}`);
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(await bytesOf(response)).toEqual(records);
  });

  test('HEAD: the headers alone, and Range does not count', async () => {
    const url = `${await serveFake()}/data/cifar10/data_batch_2.bin`;
    const response = await fetch(url, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, `${records.length}`]);
    expect(await response.text()).toBe('');
  });

  test('ranges: a part, the end, and beyond the end', async () => {
    const base = await serveFake();
    const get = (range: string, more = {}) =>
      fetch(`${base}/data/cifar10/data_batch_2.bin`, { headers: { range, ...more } });
    const part = await get('bytes=10-19');
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${records.length}`]);
    expect(part.headers.get('content-length')).toBe('10');
    expect(await bytesOf(part)).toEqual(records.slice(10, 20));
    expect(await bytesOf(await get('bytes=-3'))).toEqual(records.slice(-3));
    const beyond = await get(`bytes=${records.length}-`);
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${records.length}`]);
    expect((await get('bytes=10-19', { 'if-range': '"tag"' })).status).toBe(200);
    const normalisation = await fetch(`${base}/data/cifar10/normalisation-5.f64`, {
      headers: { range: 'bytes=0-7' },
    });
    expect(normalisation.status).toBe(206);
    expect(await bytesOf(normalisation)).toHaveLength(8);
  });

  test('the normalisation', async () => {
    const response = await fetch(`${await serveFake()}/data/cifar10/normalisation-5.f64`);
    expect(response.status).toBe(200);
    expect(parseNormalisation(await bytesOf(response), 3072)).toEqual(
      computeNormalisation(trainImages, 5, 3072),
    );
  });

  test.each([
    ['/data/cifar10/normalisation-9.f64', 422],
    ['/data/cifar10/normalisation-0.f64', 404],
    ['/data/cifar10/normalisation-05.f64', 404],
    ['/data/cifar10/normalisation-100000.f64', 404],
    ['/data/cifar10/normalisation-1e1.f64', 404],
    ['/data/cifar10/', 404],
    ['/data/cifar10/secret', 404],
    ['/data/cifar10/__proto__', 404],
    ['/data/cifar10/../secret', 404],
    ['/data/cifar10/cache/../data_batch_2.bin', 404],
    ['/data/cifar10/./data_batch_2.bin', 404],
    ['/data/cifar10/..%2fcifar10%2fdata_batch_2.bin', 404],
    ['/data/cifar10//data_batch_2.bin', 404],
    ['/data/cifar10/%64ata_batch_2.bin', 404],
    ['/data/cifar10', 299],
    ['/data/cifar100/data_batch_2.bin', 299],
    ['/cifar10/data_batch_2.bin', 299],
    ['/other', 299],
  ])('%s: %d', async (path, status) => {
    await writeFile(join(directory.path, 'secret'), 'secret');
    const base = new URL(await serveFake());
    // Not with `fetch`, which would tidy the path up before sending it.
    const got = await new Promise((resolve, reject) => {
      request({ host: base.hostname, port: base.port, path }, (res) => resolve(res.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(got).toBe(status);
  });

  test('other methods are refused', async () => {
    const response = await fetch(`${await serveFake()}/data/cifar10/data_batch_2.bin`, {
      method: 'POST',
      body: 'x',
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('data are prepared once, on the first request; after a failure, again', async () => {
    let calls = 0;
    const base = await serveFake(async () => {
      calls++;
      if (calls === 1) throw new Error('no network\nat line 1');
      return prepared;
    });
    const get = () => fetch(`${base}/data/cifar10/test_batch.bin`);
    expect((await fetch(`${base}/other`)).status).toBe(299);
    expect(calls).toBe(0);
    const failed = await get();
    expect([failed.status, await failed.text()]).toEqual([503, 'no network\n']);
    const statuses = await Promise.all(
      [get(), get(), get()].map(async (response) => (await response).status),
    );
    expect([statuses, calls]).toEqual([[200, 200, 200], 2]);
  });

  test('a file that has gone is an error of the server, without a hanging request', async () => {
    const base = await serveFake(async () => ({ ...prepared, directory: join(directory.path, 'gone') }));
    expect((await fetch(`${base}/data/cifar10/test_batch.bin`)).status).toBe(500);
  });
});

test('the loader is fed', async () => {
  const baseUrl = `${await serveFake()}/data/cifar10/`;
  const normalisation = await loadNormalisation(fake.set, { baseUrl }, 5);
  expect(normalisation).toEqual(computeNormalisation(trainImages, 5, 3072));
  await expect(loadNormalisation(fake.set, { baseUrl }, 45_000)).rejects.toThrow(
    'normalisation-45000.f64: HTTP 422: normalisation: the number of images must be from 1 to 8, got 45000',
  );
  expect(await readdir(prepared.cache)).toEqual(['normalisation-5.f64']);
  let images = 0;
  await streamImages(fake.set, { baseUrl }, (_, first, piece, labels) => {
    images += labels.length;
    if (first === 4) expect(piece).toEqual(fake.contents.get('data_batch_2.bin')!.images);
  });
  expect(images).toBe(12);
});
