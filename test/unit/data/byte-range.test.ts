import { expect, test } from 'vitest';
import { parseByteRange } from '../../../src/data/files/byte-range.ts';

test.each([
  [undefined, 'whole'],
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=2-5', { first: 2, last: 5 }],
  ['Bytes=2-5', { first: 2, last: 5 }],
  ['bytes=9-9', { first: 9, last: 9 }],
  ['bytes=9-10', { first: 9, last: 9 }],
  ['bytes=3-', { first: 3, last: 9 }],
  ['bytes=-1', { first: 9, last: 9 }],
  ['bytes=-10', { first: 0, last: 9 }],
  ['bytes=-11', { first: 0, last: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=10-12', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  // What a server may ignore, and better does:
  ['bytes=5-4', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=0-1,4-5', 'whole'],
  ['bytes=a-b', 'whole'],
  ['lines=0-1', 'whole'],
])('of 10 bytes, %s', (header, expected) => {
  expect(parseByteRange(header, 10)).toEqual(expected);
});
