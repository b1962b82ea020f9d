import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LocalServer, servePage } from '../../../src/hosts/chrome/page-server.ts';
import { fetchBytes, sendBytes } from '../../../src/hosts/chrome/page-transfers.ts';

/** Bytes of a piece here. */
const piece = 1000;

let server: LocalServer;
let path: string;
beforeEach(async () => {
  server = await servePage({ files: new Map() });
  path = `${server.origin}${server.transfers.path}`;
});
afterEach(() => server.close());

/** Bytes in which a piece at a wrong place shows. */
function numbered(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) % 253;
  return bytes;
}

describe('from the page', () => {
  test.each([0, 1, piece - 1, piece, piece + 1, 2 * piece + 123])(
    '%d bytes arrive as they were sent, none of a request above a piece',
    async (length) => {
      const lengths: number[] = [];
      const send = fetch;
      const spy = vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) => {
        lengths.push((init!.body as Uint8Array).length);
        return send(url, init);
      });
      const sent = numbered(length);
      await sendBytes(path, 'page-0', sent, piece);
      spy.mockRestore();
      expect(Buffer.compare(server.transfers.take('page-0'), sent)).toBe(0);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(piece);
      expect(lengths).toHaveLength(Math.max(1, Math.ceil(length / piece)));
    },
  );

  const post = (address: string, body: Uint8Array<ArrayBuffer>) =>
    fetch(`${path}${address}`, { method: 'POST', body }).then(
      ({ status }) => status,
      () => 'cut off',
    );

  test('a piece that is not the next one, too long or of another length in all is refused', async () => {
    const four = numbered(4);
    expect(await post('a?at=0&of=8', four)).toBe(204);
    expect(await post('a?at=0&of=8', four)).toBe(400);
    expect(await post('a?at=6&of=8', four)).toBe(400);
    expect(await post('a?at=4&of=9', four)).toBe(400);
    expect(await post('b?at=4&of=8', four)).toBe(400);
    expect(await post('c?at=0&of=-1', four)).toBe(400);
    expect(await post('c', four)).toBe(400);
    expect(() => server.transfers.take('a')).toThrow('of transfer a, 4 of 8 bytes came from the page');
    expect(await post('a?at=4&of=8', four)).toBe(204);
    expect([...server.transfers.take('a')]).toEqual([...four, ...four]);
    expect(() => server.transfers.take('a')).toThrow('of transfer a, nothing came from the page');
    expect([400, 'cut off']).toContain(await post('d?at=0&of=3', four));
  });
});

test('to the page: what is offered, until it is withdrawn', async () => {
  const bytes = numbered(1_000_007);
  const id = server.transfers.offer(bytes);
  expect(Buffer.compare(await fetchBytes(path, id, bytes.length), bytes)).toBe(0);
  await expect(fetchBytes(path, id, bytes.length + 1)).rejects.toThrow('ended after');
  server.transfers.withdraw(id);
  await expect(fetchBytes(path, id, bytes.length)).rejects.toThrow('HTTP 404');
});

test('without the secret there is nothing: the answer is that for any unknown address', async () => {
  const id = server.transfers.offer(numbered(5));
  const guessed = `${server.origin}/transfers/${'A'.repeat(32)}/`;
  for (const address of [guessed + id, `${server.origin}/transfers/${id}`, `${server.origin}/nothing`]) {
    const got = await fetch(address);
    expect([got.status, await got.text()]).toEqual([404, 'no such file\n']);
    const put = await fetch(`${address}?at=0&of=1`, { method: 'POST', body: 'x' });
    expect([put.status, await put.text()]).toEqual([405, 'only GET and HEAD\n']);
  }
  expect((await fetch(path + id)).status).toBe(200);
});
