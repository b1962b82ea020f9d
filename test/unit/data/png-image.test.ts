import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { imageOfPng } from '../../../src/data/files/png-image.ts';

const colour = { channels: 3, height: 1, width: 2 };
const grey = { channels: 1, height: 1, width: 2 };
const png = (channels: number, ...values: readonly number[]) =>
  encode({ width: 2, height: 1, channels, depth: 8, data: Uint8Array.from(values) });

describe('a PNG as planes', () => {
  test.each([
    ['in colour', png(3, 1, 2, 3, 4, 5, 6), colour, [1, 4, 2, 5, 3, 6]],
    ['with alpha', png(4, 1, 2, 3, 255, 4, 5, 6, 255), colour, [1, 4, 2, 5, 3, 6]],
    ['grey', png(1, 7, 9), grey, [7, 9]],
    ['grey for three channels', png(2, 7, 255, 9, 255), colour, [7, 9, 7, 9, 7, 9]],
  ])('%s', (_, file, image, planes) => {
    expect([...imageOfPng(file, image)]).toEqual(planes);
  });

  test('with a palette', () => {
    const palette = [
      [10, 20, 30],
      [40, 50, 60],
    ];
    const file = encode({ width: 2, height: 1, channels: 1, depth: 8, data: Uint8Array.of(1, 0), palette });
    expect([...imageOfPng(file, colour)]).toEqual([40, 10, 50, 20, 60, 30]);
  });

  test.each([
    [
      'of another size',
      png(3, 1, 2, 3, 4, 5, 6),
      { ...colour, width: 3 },
      'it has 2 x 1 pixels, the net takes 3 x 1',
    ],
    ['in colour for a grey net', png(3, 1, 2, 3, 4, 5, 6), grey, 'it is in colour, the net takes 1 channel'],
    ['with holes', png(4, 1, 2, 3, 255, 4, 5, 6, 254), colour, 'it is transparent in places'],
    ['cut', png(3, 1, 2, 3, 4, 5, 6).subarray(0, 40), colour, /^it is no whole PNG file \(.+\)$/],
    ['that is none', Uint8Array.of(1, 2, 3), colour, /^it is no whole PNG file \(.+\)$/],
    [
      'of 16 bits',
      encode({ width: 2, height: 1, channels: 1, depth: 16, data: Uint16Array.of(1, 2) }),
      grey,
      'it has 16 bits per channel, save it with 8',
    ],
  ])('an image %s is refused in one line', (_, file, image, message) => {
    expect(() => imageOfPng(file, image)).toThrow(message);
  });
});
