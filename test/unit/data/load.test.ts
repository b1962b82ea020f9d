import { describe, expect, test } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import { type LoadProgress, loadNormalisation, streamImages } from '../../../src/data/load.ts';
import { computeNormalisation, serialiseNormalisation } from '../../../src/data/normalisation.ts';
import { imageBytes, recordBytes } from '../../../src/data/record-set.ts';
import { fakeSet } from './fake-records.ts';

const { set, contents } = fakeSet(6);
const normalisation = computeNormalisation(contents.get('data_batch_1.bin')!.images, 6, imageBytes(set));

/** Answers like the server, in pieces of 5,000 bytes; `change` may replace a body or a response. */
function fakeFetch(change: (name: string, body: Uint8Array) => Uint8Array | Response = (_, body) => body) {
  return async (url: string): Promise<Response> => {
    const name = url.replace('http://localhost/data/cifar10/', '');
    const body =
      name === 'normalisation-45000.f64'
        ? serialiseNormalisation(normalisation)
        : contents.get(name)?.records;
    if (!body) return new Response(`no such file: ${name}\nmore`, { status: 404 });
    const changed = change(name, body);
    if (changed instanceof Response) return changed;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < changed.length; at += 5000) pieces.push(changed.slice(at, at + 5000));
    return new Response(
      new ReadableStream({
        pull: (controller) => {
          const piece = pieces.shift();
          if (piece) controller.enqueue(piece);
          else controller.close();
        },
      }),
    );
  };
}

const options = { baseUrl: 'http://localhost/data/cifar10/', fetch: fakeFetch() };
const nowhere = () => {};

describe('streamImages', () => {
  test('reports bytes over all files, never backwards, up to the total', async () => {
    const seen: LoadProgress[] = [];
    await streamImages(
      set,
      { ...options, baseUrl: 'http://localhost/data/cifar10', onProgress: (p) => seen.push(p) },
      nowhere,
    );
    const totalBytes = 3 * 6 * recordBytes(set);
    expect(seen.length).toBeGreaterThan(6);
    expect(seen.at(-1)).toEqual({ file: 'test_batch.bin', doneBytes: totalBytes, totalBytes });
    for (const [i, { doneBytes }] of seen.entries())
      expect(doneBytes).toBeGreaterThan(seen[i - 1]?.doneBytes ?? 0);
  });

  test('a server that does not answer is told by its address; whoever replaces fetch has its own errors', async () => {
    const failing = (error: Error) => ({ ...options, fetch: () => Promise.reject(error) });
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:9');
    await expect(
      loadNormalisation(set, failing(new TypeError('fetch failed', { cause })), 18),
    ).rejects.toThrow(
      /^http:\/\/localhost\/data\/cifar10\/normalisation-18\.f64: connect ECONNREFUSED 127\.0\.0\.1:9$/,
    );
    const own = new RangeError('the quota is used up');
    await expect(streamImages(set, failing(own), nowhere)).rejects.toBe(own);
  });

  test('an error status is told with the first line of the answer', async () => {
    await expect(loadNormalisation(set, options, 45_001)).rejects.toThrow(
      /^http:\/\/localhost\/data\/cifar10\/normalisation-45001\.f64: HTTP 404: no such file: normalisation-45001\.f64$/,
    );
    const fetch = fakeFetch((name, body) =>
      name === 'test_batch.bin' ? new Response(null, { status: 503 }) : body,
    );
    await expect(streamImages(set, { ...options, fetch }, nowhere)).rejects.toThrow(
      /test_batch\.bin: HTTP 503$/,
    );
  });

  test('a body that is one byte short, or one byte long, is refused', async () => {
    const short = fakeFetch((name, body) => (name === 'data_batch_2.bin' ? body.subarray(1) : body));
    await expect(streamImages(set, { ...options, fetch: short }, nowhere)).rejects.toThrow(
      'data_batch_2.bin: ended after 18437 of 18438 bytes',
    );
    for (const extra of [1, 5000]) {
      const long = fakeFetch((name, body) =>
        name === 'data_batch_2.bin' ? Uint8Array.from([...body, ...new Uint8Array(extra)]) : body,
      );
      await expect(streamImages(set, { ...options, fetch: long }, nowhere)).rejects.toThrow(
        'data_batch_2.bin: more than the 18438 bytes expected',
      );
    }
  });

  test('records that are none are refused with the name of the file', async () => {
    const fetch = fakeFetch((name, body) => (name === 'test_batch.bin' ? body.slice().fill(11) : body));
    await expect(streamImages(set, { ...options, fetch }, nowhere)).rejects.toThrow(
      'test_batch.bin: records: label',
    );
  });

  const fails = () => {
    throw new Error('no room');
  };
  const rejects = async () => fails();
  const noLabel = (records: Uint8Array) => records.slice().fill(11);
  const asItIs = (records: Uint8Array) => records.slice();
  test.each([
    ['the sink throws', fails, asItIs, 'no room'],
    ['the sink rejects', rejects, asItIs, 'no room'],
    ['a label is none', nowhere, noLabel, 'data_batch_1.bin: records: label'],
    ['there is more than was expected', nowhere, asItIs, 'more than the 18438 bytes expected'],
  ])('a body of which no more is wanted is cancelled: %s', async (_, sink, change, message) => {
    for (const type of ['bytes', undefined] as const) {
      const cancelled: string[] = [];
      const fetch = async (url: string) => {
        const name = url.split('/').at(-1)!;
        const source = {
          // Again and again: it never ends by itself.
          pull: (to: { enqueue(chunk: Uint8Array<ArrayBuffer>): void }) =>
            to.enqueue(change(contents.get(name)!.records)),
          cancel: () => void cancelled.push(name),
        };
        return new Response(
          type === undefined ? new ReadableStream(source) : new ReadableStream({ ...source, type }),
        );
      };
      await expect(streamImages(set, { ...options, fetch }, sink)).rejects.toThrow(message);
      expect(cancelled).toEqual(['data_batch_1.bin']);
    }
  });

  test('a body that fails is told as it fails', async () => {
    const fetch = async () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('the wire')) }));
    await expect(streamImages(set, { ...options, fetch }, nowhere)).rejects.toThrow('the wire');
  });

  test('a normalisation that is none is refused', async () => {
    const fetch = fakeFetch((_, body) => body.slice().fill(0));
    await expect(loadNormalisation(set, { ...options, fetch }, 45_000)).rejects.toThrow(
      'normalisation-45000.f64: normal',
    );
    expect(await loadNormalisation(set, options, 45_000)).toEqual(normalisation);
  });

  test('a file of more images than are held at a time comes in pieces', async () => {
    const image = { channels: 1, height: 1, width: 1000 };
    const labels = { bytes: 2, at: 1 };
    const large = fakeSet(2100, { ...cifar10, image, labels });
    const fetch = async (url: string) => new Response(large.contents.get(url.split('/').at(-1)!)!.records);
    const pieces: string[] = [];
    await streamImages(large.set, { ...options, fetch }, (split, first, images, of) => {
      pieces.push(`${split} ${first} ${of.length}`);
      const file = large.set.files[Math.floor((pieces.length - 1) / 3)]!;
      const from = first - file.firstImage;
      const whole = large.contents.get(file.name)!;
      expect(Buffer.compare(images, whole.images.slice(1000 * from, 1000 * (from + of.length)))).toBe(0);
      expect(of).toEqual(whole.labels.slice(from, from + of.length));
    });
    expect(pieces.slice(0, 4)).toEqual([
      'train 0 1044',
      'train 1044 1044',
      'train 2088 12',
      'train 2100 1044',
    ]);
    expect(pieces).toHaveLength(9);
  });

  test('hands on each file once, and waits for the sink', async () => {
    const seen: string[] = [];
    let busy = false;
    await streamImages(set, options, async (split, firstImage, images, labels) => {
      expect(busy).toBe(false);
      busy = true;
      const content = [...contents.values()][seen.length]!;
      seen.push(`${split} ${firstImage}`);
      expect(images).toEqual(content.images);
      expect(labels).toEqual(content.labels);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(images).toEqual(content.images);
      busy = false;
    });
    expect(seen).toEqual(['train 0', 'train 6', 'test 0']);
  });
});
