import { expect, test } from 'vitest';
import { xxhash32 } from '../../../src/data/xxhash32.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

// Known values of XXH32.
test.each([
  ['', 0, 0x02cc5d05],
  ['', 0x9e3779b1, 0x36b78ae7],
  ['a', 0, 0x550d7456],
  ['abc', 0, 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0, 0xe2293b2f],
])('%j with seed %i', (text, seed, hash) => {
  expect(xxhash32(utf8(text), seed)).toBe(hash);
});

test('every length has a hash of its own, and so does every view', () => {
  const bytes = Uint8Array.from({ length: 70 }, (_, i) => i * 37);
  const hashes = Array.from(bytes, (_, length) => xxhash32(bytes.subarray(0, length)));
  expect(new Set(hashes).size).toBe(70);
  expect(xxhash32(bytes.subarray(3, 60))).toBe(xxhash32(bytes.slice(3, 60)));
});
