import { expect, test } from 'vitest';
import { fromText, toText } from '../../../src/hosts/chrome/message-text.ts';

test('bytes and numbers that are not finite arrive as they were sent, bytes apart from the text', () => {
  const message = {
    type: 'report',
    loss: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, 0],
    files: [Uint8Array.from({ length: 1000 }, (_, i) => i % 251), new Uint8Array(0)],
    text: 'base case',
    looksLikeOne: '$bytes',
    nothing: null,
  };
  const { text, parts } = toText(message);
  expect(parts).toEqual(message.files);
  expect(text.length).toBeLessThan(300);
  expect(fromText(text, parts)).toEqual(message);
});
