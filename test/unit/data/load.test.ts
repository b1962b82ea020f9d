import { describe, expect, test } from 'vitest';
import { RECORD_BYTES } from '../../../src/data/cifar10.ts';
import { type LoadProgress, loadCifar10, loadNormalisation, streamCifar10 } from '../../../src/data/load.ts';
import { computeNormalisation, serialiseNormalisation } from '../../../src/data/normalisation.ts';
import { fakeSet } from './fake-records.ts';

const { set, contents } = fakeSet(6);
const normalisation = computeNormalisation(contents.get('data_batch_1.bin')!.images, 6);

/** Answers like the server, in pieces of 5,000 bytes; `change` may replace a body or a response. */
function fakeFetch(change: (name: string, body: Uint8Array) => Uint8Array | Response = (_, body) => body) {
  return async (url: string): Promise<Response> => {
    const name = url.replace('http://localhost/cifar10/', '');
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

const options = { baseUrl: 'http://localhost/cifar10/', fetch: fakeFetch(), set };

describe('loadCifar10', () => {
  test('puts the files of each split behind each other', async () => {
    const loaded = await loadCifar10({ ...options, valSize: 5_000 });
    const [first, second, test] = ['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin'].map(
      (name) => contents.get(name)!,
    );
    expect(loaded.train.labels).toEqual(Uint8Array.of(...first!.labels, ...second!.labels));
    expect(loaded.train.images).toEqual(Uint8Array.from([...first!.images, ...second!.images]));
    expect(loaded.test).toEqual({ images: test!.images, labels: test!.labels });
    expect(loaded.normalisation).toEqual(normalisation);
  });

  test('reports bytes over all files, never backwards, up to the total', async () => {
    const seen: LoadProgress[] = [];
    await loadCifar10({
      ...options,
      baseUrl: 'http://localhost/cifar10',
      valSize: 5_000,
      onProgress: (p) => seen.push(p),
    });
    const totalBytes = 3 * 6 * RECORD_BYTES;
    expect(seen.length).toBeGreaterThan(6);
    expect(seen.at(-1)).toEqual({ file: 'test_batch.bin', doneBytes: totalBytes, totalBytes });
    for (const [i, { doneBytes }] of seen.entries())
      expect(doneBytes).toBeGreaterThan(seen[i - 1]?.doneBytes ?? 0);
  });

  test('an error status is told with the first line of the answer', async () => {
    await expect(loadCifar10({ ...options, valSize: 4_999 })).rejects.toThrow(
      /^http:\/\/localhost\/cifar10\/normalisation-45001\.f64: HTTP 404: no such file: normalisation-45001\.f64$/,
    );
    const fetch = fakeFetch((name, body) =>
      name === 'test_batch.bin' ? new Response(null, { status: 503 }) : body,
    );
    await expect(loadCifar10({ ...options, fetch, valSize: 5_000 })).rejects.toThrow(
      /test_batch\.bin: HTTP 503$/,
    );
  });

  test('a body that is one byte short, or one byte long, is refused', async () => {
    const short = fakeFetch((name, body) => (name === 'data_batch_2.bin' ? body.subarray(1) : body));
    await expect(loadCifar10({ ...options, fetch: short, valSize: 5_000 })).rejects.toThrow(
      'data_batch_2.bin: ended after 18437 of 18438 bytes',
    );
    const long = fakeFetch((name, body) => (name === 'data_batch_2.bin' ? Uint8Array.of(...body, 0) : body));
    await expect(loadCifar10({ ...options, fetch: long, valSize: 5_000 })).rejects.toThrow(
      'data_batch_2.bin: more than the 18438 bytes expected',
    );
  });

  test('records that are none are refused with the name of the file', async () => {
    const fetch = fakeFetch((name, body) => (name === 'test_batch.bin' ? body.slice().fill(11) : body));
    await expect(loadCifar10({ ...options, fetch, valSize: 5_000 })).rejects.toThrow(
      'test_batch.bin: records: label',
    );
  });

  test('a normalisation that is none is refused', async () => {
    const fetch = fakeFetch((_, body) => body.slice().fill(0));
    await expect(loadNormalisation({ ...options, fetch }, 45_000)).rejects.toThrow(
      'normalisation-45000.f64: normal',
    );
  });
});

describe('streamCifar10', () => {
  test('hands on each file once, and waits for the sink', async () => {
    const seen: string[] = [];
    let busy = false;
    await streamCifar10(options, async (split, firstImage, images, labels) => {
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
