import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import { computeNormalisation, parseNormalisation } from '../../../src/data/normalisation.ts';
import { type RecordSet, recordBytes } from '../../../src/data/record-set.ts';
import { CheckpointSlots } from '../../../src/page/engine/checkpoint-slots.ts';
import { DataStore } from '../../../src/page/engine/data-store.ts';
import { EngineError } from '../../../src/page/engine/engine-error.ts';
import { FileNotOpened, type PrivateFiles } from '../../../src/page/engine/private-files.ts';

const RECORD_BYTES = recordBytes(cifar10);

const imagesPerFile = 20;

const records = Array.from({ length: 6 }, (_, f) => {
  const bytes = new Uint8Array(imagesPerFile * RECORD_BYTES);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + f * 17 + ((i * i) >> 3)) & 255;
  for (let i = 0; i < imagesPerFile; i++) bytes[i * RECORD_BYTES] = (i + f) % 10;
  return bytes;
});

const set: RecordSet = {
  ...cifar10,
  files: records.map((bytes, f) => ({
    name: f < 5 ? `data_batch_${f + 1}.bin` : 'test_batch.bin',
    split: f < 5 ? 'train' : 'test',
    firstImage: f < 5 ? f * imagesPerFile : 0,
    images: imagesPerFile,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })),
};

/** A folder in memory; `room`: bytes that fit. */
function memoryFiles(room = Number.POSITIVE_INFINITY): PrivateFiles & { readonly map: Map<string, Blob> } {
  const map = new Map<string, Blob>();
  return {
    map,
    read: async (name) => map.get(name) as File | undefined,
    async write(name, parts) {
      const used = [...map.values()].reduce((sum, { size }) => sum + size, 0);
      const blob = new Blob([...parts]);
      if (used + blob.size > room) throw new DOMException('full', 'QuotaExceededError');
      map.set(name, blob);
    },
    async remove(name) {
      map.delete(name);
    },
    names: async () => [...map.keys()],
  };
}

const never = new AbortController().signal;
const quiet = () => {};

function serve(answer: (name: string) => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    return answer(url.slice(url.lastIndexOf('/') + 1));
  });
  return asked;
}

const whole = (name: string) => new Response(records[set.files.findIndex((file) => file.name === name)]!);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a download', () => {
  test('keeps the six files, and gives them to the engine', async () => {
    const asked = serve(whole);
    const store = new DataStore(memoryFiles(), set);
    expect(await store.place()).toMatchObject({
      place: 'absent',
      canKeep: true,
      missing: 6 * records[0]!.length,
    });
    await store.download('https://host/sub/cifar10/', never, quiet);
    expect(asked).toContain('https://host/sub/cifar10/data_batch_1.bin');
    expect(await store.place()).toEqual({ place: 'kept' });
    const body = await (await store.respond('kept/test_batch.bin')).arrayBuffer();
    expect(new Uint8Array(body)).toEqual(records[5]);
  });

  test('that was cut goes on with what is missing', async () => {
    const files = memoryFiles();
    serve((name) => (name === 'data_batch_4.bin' ? new Response(records[3]!.slice(0, 100)) : whole(name)));
    const store = new DataStore(files, set);
    await expect(store.download('https://host/', never, quiet)).rejects.toMatchObject({
      kind: 'partial',
      message: expect.stringMatching(/data_batch_4\.bin ended after 100 of/),
    });
    const asked = serve(whole);
    await new DataStore(files, set).download('https://host/', never, quiet);
    expect(asked.map((url) => url.slice(13))).toEqual([
      'data_batch_4.bin',
      'data_batch_5.bin',
      'test_batch.bin',
    ]);
  });

  test('with one byte flipped is refused, with both hashes', async () => {
    const flipped = records[1]!.slice();
    flipped[777]! ^= 1;
    const hash = createHash('sha256').update(flipped).digest('hex');
    serve((name) => (name === 'data_batch_2.bin' ? new Response(flipped) : whole(name)));
    const store = new DataStore(memoryFiles(), set);
    const rejected = store.download('https://host/', never, quiet);
    await expect(rejected).rejects.toMatchObject({ kind: 'wrong-file' });
    await expect(rejected).rejects.toThrow(new RegExp(`${hash}.*${set.files[1]!.sha256}`));
    expect(await store.place()).toMatchObject({ missing: 5 * records[0]!.length });
  });

  test('without a network names the address', async () => {
    serve(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(
      new DataStore(memoryFiles(), set).download('https://host/', never, quiet),
    ).rejects.toMatchObject({
      kind: 'offline',
      message: expect.stringContaining('https://host/data_batch_1.bin cannot be reached'),
    });
  });

  test('of a server that falls silent fails after 30 s without a byte, names the address, and goes on with that file', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const bytes = records[1]!;
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const pauses = [0, 29_000, 29_000, 31_000]; // Ahead of each of four parts.
    const slow = () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            begin();
            for (const [i, ms] of pauses.entries()) {
              await new Promise((resolve) => setTimeout(resolve, ms));
              controller.enqueue(bytes.slice((i * bytes.length) / 4, ((i + 1) * bytes.length) / 4));
            }
            controller.close();
          },
        }),
      );
    const files = memoryFiles();
    vi.stubGlobal('fetch', async (url: string, { signal }: RequestInit) => {
      const response = url.endsWith('data_batch_2.bin') ? slow() : whole(url.slice(13));
      // As fetch does, which a Response made here does not.
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        start(controller) {
          signal!.addEventListener('abort', () => controller.error(signal!.reason));
        },
      });
      return new Response(response.body!.pipeThrough(cut));
    });
    let failed: unknown;
    const download = new DataStore(files, set).download('https://host/', never, quiet).catch((error) => {
      failed = error;
    });
    await begun;
    await vi.advanceTimersByTimeAsync(29_000 + 29_000 + 29_500);
    expect(failed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(600);
    vi.useRealTimers();
    await download;
    expect(failed).toMatchObject({
      kind: 'offline',
      message: 'https://host/data_batch_2.bin sent nothing for 30 s',
    });
    const asked = serve(whole);
    await new DataStore(files, set).download('https://host/', never, quiet);
    expect(asked[0]).toBe('https://host/data_batch_2.bin');
  });

  test('goes to this tab alone where the storage is full, or there is none', async () => {
    serve(whole);
    const full = new DataStore(memoryFiles(3 * records[0]!.length), set);
    await full.download('https://host/', never, quiet);
    expect(await full.place()).toEqual({ place: 'tab', why: 'this browser’s storage is full' });
    for (const [f, { name }] of set.files.entries()) {
      expect(new Uint8Array(await (await full.respond(name)).arrayBuffer()), name).toEqual(records[f]);
    }
    const none = new DataStore('SecurityError', set);
    await none.download('https://host/', never, quiet);
    expect(await none.place()).toMatchObject({ place: 'tab', why: expect.stringContaining('SecurityError') });
  });
});

test('a file that another tab is storing is left to it, and is kept once that is done', async () => {
  serve(whole);
  const files = memoryFiles();
  const { name } = set.files[2]!;
  const other = new Blob([records[2]!]);
  const held: PrivateFiles = {
    ...files,
    async write(wanted, parts) {
      if (wanted !== name) return files.write(wanted, parts);
      files.map.set(name, other.slice(0, 1000));
      throw new FileNotOpened(`${name}: another has it`);
    },
  };
  const store = new DataStore(held, set);
  await store.download('https://host/', never, quiet);
  expect(await store.place()).toMatchObject({ place: 'tab', why: expect.stringContaining('another has it') });
  expect(files.map.get(name)?.size).toBe(1000);
  files.map.set(name, other);
  expect(await store.place()).toEqual({ place: 'kept' });
});

test('a server that answers every address with its page has no data', async () => {
  serve(() => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html; charset=utf-8' } }));
  const download = new DataStore(memoryFiles(), set).download('https://host/', never, quiet);
  await expect(download).rejects.toMatchObject({
    kind: 'not-served',
    message: 'https://host/data_batch_1.bin is a web page',
  });
});

describe('chosen files', () => {
  const file = (name: string, bytes: Uint8Array<ArrayBuffer>) => new File([bytes], name);

  test('are known by their content, whatever their names', async () => {
    const store = new DataStore(memoryFiles(), set);
    await store.take(
      records.map((bytes, i) => file(`part ${i}.dat`, bytes)),
      never,
      quiet,
    );
    expect(await store.place()).toEqual({ place: 'kept' });
  });

  test('may be the archive', async () => {
    const store = new DataStore(memoryFiles(), set);
    await store.take([file('cifar-10-binary.tar.gz', tarGz())], never, quiet);
    expect(await store.place()).toEqual({ place: 'kept' });
  });

  test('of another kind are refused in few words', async () => {
    const store = new DataStore(memoryFiles(), set);
    const taken = store.take([file('cat.jpg', new Uint8Array(5000))], never, quiet);
    await expect(taken).rejects.toMatchObject({ kind: 'wrong-file' });
    await expect(taken).rejects.toThrow(
      /^cat\.jpg is no file of CIFAR-10: it has 5000 bytes, as none of them has$/,
    );
    const changed = store.take([file('a', records[0]!.slice().fill(1, 5, 6))], never, quiet);
    await expect(changed).rejects.toThrow(/^a is no file of CIFAR-10: it has the SHA-256 [0-9a-f]{64}$/);
    const named = store.take([file(set.files[1]!.name, records[0]!.slice().fill(1, 5, 6))], never, quiet);
    await expect(named).rejects.toMatchObject({ kind: 'wrong-file' });
    await expect(named).rejects.toThrow(
      new RegExp(
        `^data_batch_2\\.bin is damaged .* its SHA-256 is [0-9a-f]{64}, not ${set.files[1]!.sha256}$`,
      ),
    );
  });

  test('that are not all say what is missing', async () => {
    const store = new DataStore(memoryFiles(), set);
    await expect(store.take([file('a', records[0]!)], never, quiet)).rejects.toMatchObject({
      kind: 'partial',
      message: expect.stringContaining('data_batch_2.bin'),
    });
  });

  test('in an archive that is cut are refused', async () => {
    const store = new DataStore(memoryFiles(), set);
    const archive = tarGz();
    const cut = new File([archive.slice(0, archive.length / 2)], 'cut.tar.gz');
    await expect(store.take([cut], never, quiet)).rejects.toMatchObject({
      kind: 'partial',
      message: expect.stringMatching(/^cut\.tar\.gz is no whole archive: /),
    });
    const other = new File(
      [new Uint8Array(gzipSync('a text of more than 512 bytes '.repeat(40)))],
      'notes.gz',
    );
    await expect(store.take([other], never, quiet)).rejects.toMatchObject({
      kind: 'wrong-file',
      message: 'notes.gz is no whole archive: it is not a tar archive',
    });
  });

  test('that are no longer wanted say what they were told', async () => {
    const stop = new AbortController();
    stop.abort(new EngineError('stopped', 'cancelled'));
    const store = new DataStore(memoryFiles(), set);
    await expect(store.take([file('a', records[0]!)], stop.signal, quiet)).rejects.toMatchObject({
      kind: 'stopped',
    });
  });
});

test('the normalisation is the server’s, bit by bit', async () => {
  serve(whole);
  const store = new DataStore(memoryFiles(), set);
  await store.download('https://host/', never, quiet);
  const bytes = await (await store.respond('kept/normalisation-70.f64')).arrayBuffer();
  const images = new Uint8Array(70 * (RECORD_BYTES - 1));
  for (let i = 0; i < 70; i++) {
    const record = records[Math.floor(i / imagesPerFile)]!.subarray((i % imagesPerFile) * RECORD_BYTES);
    images.set(record.subarray(1, RECORD_BYTES), i * (RECORD_BYTES - 1));
  }
  expect(parseNormalisation(new Uint8Array(bytes), RECORD_BYTES - 1)).toEqual(
    computeNormalisation(images, 70, RECORD_BYTES - 1),
  );
});

test('a normalisation that was cut while it was kept is computed again', async () => {
  serve(whole);
  const files = memoryFiles();
  const store = new DataStore(files, set);
  await store.download('https://host/', never, quiet);
  const kept = 'kept/normalisation-70.f64';
  const read = async () => new Uint8Array(await (await store.respond(kept)).arrayBuffer());
  const bytes = await read();
  await files.write('normalisation-70.f64', [new Uint8Array(100)]);
  expect(await read()).toEqual(bytes);
});

describe('checkpoints', () => {
  const bytes = (fill: number) => new Uint8Array(1000).fill(fill);

  test('the newest whole one counts', async () => {
    const files = memoryFiles();
    for (const step of [500, 1000, 1500]) {
      await new CheckpointSlots(files).write('run', { step, file: bytes(step / 500) });
    }
    expect(files.map.size).toBe(2);
    expect(await new CheckpointSlots(files).read('run')).toEqual({ step: 1500, file: bytes(3) });
  });

  test('one that was cut, or is damaged, leaves the other', async () => {
    const files = memoryFiles();
    const slots = new CheckpointSlots(files);
    await slots.write('run', { step: 500, file: bytes(1) });
    await slots.write('run', { step: 1000, file: bytes(2) });
    const newest = files.map.get('run.1')!;
    files.map.set('run.1', newest.slice(0, newest.size - 1));
    expect(await new CheckpointSlots(files).read('run')).toEqual({ step: 500, file: bytes(1) });
    const damaged = new Uint8Array(await newest.arrayBuffer());
    damaged[damaged.length - 1]! ^= 1;
    files.map.set('run.1', new Blob([damaged]));
    expect(await new CheckpointSlots(files).read('run')).toEqual({ step: 500, file: bytes(1) });
    // The next is written over the damaged one, not over the whole one.
    await new CheckpointSlots(files).write('run', { step: 1500, file: bytes(3) });
    expect(await new CheckpointSlots(files).read('run')).toEqual({ step: 1500, file: bytes(3) });
    files.map.delete('run.1');
    expect(await new CheckpointSlots(files).read('run')).toEqual({ step: 500, file: bytes(1) });
  });

  test('of no run are none', async () => {
    expect(await new CheckpointSlots(memoryFiles()).read('run')).toBeUndefined();
  });
});

/** The six files as the official archive has them. */
function tarGz(): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  const entry = (name: string, bytes: Uint8Array, kind: string) => {
    const header = new Uint8Array(512);
    const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
    put(name, 0);
    put(`${bytes.length.toString(8).padStart(11, '0')} `, 124);
    put(kind, 156);
    put('ustar', 257);
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    padded.set(bytes);
    blocks.push(header, padded);
  };
  entry('cifar-10-batches-bin/', new Uint8Array(0), '5');
  entry('cifar-10-batches-bin/readme.html', new Uint8Array(88), '0');
  for (const [f, { name }] of set.files.entries()) entry(`cifar-10-batches-bin/${name}`, records[f]!, '0');
  blocks.push(new Uint8Array(1024));
  return new Uint8Array(gzipSync(Buffer.concat(blocks)));
}
