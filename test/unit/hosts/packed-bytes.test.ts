import { expect, test } from 'vitest';
import { packBytes, unpackBytes } from '../../../src/hosts/chrome/packed-bytes.ts';

test('bytes and numbers that are not finite arrive as they were sent', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const message = {
    type: 'report',
    loss: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, 0],
    file: bytes,
    text: 'base case',
    nothing: null,
  };
  expect(unpackBytes(packBytes(message))).toEqual(message);
});
