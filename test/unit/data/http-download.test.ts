import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { type DownloadOptions, downloadBytes } from '../../../src/data/files/http-download.ts';
import { randomStream } from '../../../src/data/random.ts';
import { closedAddress, localServer } from './local-server.ts';

const stream = randomStream(1, 'test');
const content = Uint8Array.from({ length: 30_000 }, () => stream.u32());

async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of downloadBytes(url, { retryDelayMs: 1, ...options })) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Answers with the bytes asked for, but breaks each connection after `each` bytes. */
function breaking(each: number) {
  const asked: (string | undefined)[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.headers.range);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.setHeader('content-length', content.length - start);
    if (start > 0) {
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${start}-${content.length - 1}/${content.length}`);
    }
    const part = content.subarray(start, start + each);
    if (start + part.length === content.length) response.end(part);
    else response.write(part, () => response.destroy());
  };
  return { listener, asked };
}

test('one connection: the bytes, and their number on the way', async () => {
  const url = await localServer((_, response) =>
    response.setHeader('content-length', content.length).end(content),
  );
  const seen: (number | undefined)[][] = [];
  expect(await download(url, { onBytes: (...args) => seen.push(args) })).toEqual(content);
  expect(seen.at(-1)).toEqual([content.length, content.length]);
});

test('a length that is not told beforehand', async () => {
  const url = await localServer((_, response) => response.write(content, () => response.end()));
  const totals = new Set<number | undefined>();
  expect(await download(url, { onBytes: (_, total) => totals.add(total) })).toEqual(content);
  expect([...totals]).toEqual([undefined]);
});

test('broken connections: the rest is asked for, more often than the retries in a row', async () => {
  const { listener, asked } = breaking(4_000);
  expect(await download(await localServer(listener), { retries: 1 })).toEqual(content);
  expect(asked).toHaveLength(8);
  expect(asked.slice(0, 2)).toEqual([undefined, 'bytes=4000-']);
});

test('broken connections to a server without ranges: what is there already is skipped', async () => {
  const { listener, asked } = breaking(15_000);
  const url = await localServer((request, response) => {
    if (asked.length < 1) listener(request, response);
    else response.setHeader('content-length', content.length).end(content);
  });
  expect(await download(url)).toEqual(content);
  expect(asked).toEqual([undefined]);
});

test('it gives up after so many connections in a row without a byte', async () => {
  let connections = 0;
  const url = await localServer((_, response) => {
    connections++;
    response.setHeader('content-length', content.length);
    if (connections === 1) response.write(content.subarray(0, 1000), () => response.destroy());
    else response.destroy();
  });
  await expect(download(url, { retries: 2 })).rejects.toThrow();
  expect(connections).toBe(4); // 1 + the first retry + 2 more
});

test('a file that changes on the way is refused', async () => {
  let connections = 0;
  const url = await localServer((_, response) => {
    connections++;
    if (connections > 1) response.setHeader('content-length', 5).end('other');
    else {
      response.setHeader('content-length', content.length);
      response.write(content.subarray(0, 1000), () => response.destroy());
    }
  });
  await expect(download(url)).rejects.toThrow('the file changed while downloading');
});

test('a server that answers with another range than the one asked for is refused', async () => {
  let connections = 0;
  const url = await localServer((_, response) => {
    connections++;
    response.setHeader('content-length', content.length);
    if (connections === 1) response.write(content.subarray(0, 1000), () => response.destroy());
    else {
      response.setHeader('content-range', `bytes 0-${content.length - 1}/${content.length}`);
      response.writeHead(206).end(content);
    }
  });
  await expect(download(url)).rejects.toThrow('HTTP 206');
});

test('an error status is told at once', async () => {
  let connections = 0;
  const url = await localServer((_, response) => {
    connections++;
    response.writeHead(404).end('no');
  });
  await expect(download(url)).rejects.toThrow(/^HTTP 404 Not Found$/);
  expect(connections).toBe(1);
});

test('an address at which nothing listens fails at once, with the reason', async () => {
  const startMs = performance.now();
  await expect(download(await closedAddress())).rejects.toThrow('ECONNREFUSED');
  expect(performance.now() - startMs).toBeLessThan(2_000);
});

test('a server that does not answer, and one that stops sending, are left', async () => {
  const silent = await localServer(() => {});
  await expect(download(silent, { connectTimeoutMs: 50 })).rejects.toThrow(/^no answer for 0\.05 s$/);
  const stalling = await localServer((_, response) => {
    response.setHeader('content-length', content.length);
    response.write(content.subarray(0, 1000));
  });
  await expect(download(stalling, { stallTimeoutMs: 50, retries: 0 })).rejects.toThrow(
    /^no data for 0\.05 s$/,
  );
});
