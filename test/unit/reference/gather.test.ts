import { describe, expect, test } from 'vitest';
import { absGather, decodeSample, gather, imageSizeOf } from '../../../src/reference/gather.ts';
import { expectClose } from './expect-close.ts';

const image = { channels: 3, height: 32, width: 32 };
const imageSize = imageSizeOf(image);
const images = Uint8Array.from({ length: 3 * imageSize }, (_, i) => (i * 37 + (i >> 5) * 11) & 255);
const mean = Float64Array.from({ length: imageSize }, (_, p) => 0.3 + p / 10_000);
const std = Float64Array.from({ length: imageSize }, (_, p) => 0.2 + p / 20_000);

const source = { image, images, mean, std };

const sample = (index: number, flip: boolean, dx: number, dy: number): number =>
  (index + (flip ? 2 ** 20 : 0) + (dx & 31) * 2 ** 21 + (dy & 31) * 2 ** 26) >>> 0;
const at = (channel: number, r: number, c: number) => channel * 1024 + r * 32 + c;
const normalised = (byte: number, p: number) => (byte / 255 - mean[p]!) / std[p]!;

describe('gather', () => {
  test('decodes index, flip and offsets at their limits', () => {
    expect(decodeSample(0)).toEqual({ index: 0, flip: false, dx: 0, dy: 0 });
    expect(decodeSample(sample(49_999, true, 4, -4))).toEqual({ index: 49_999, flip: true, dx: 4, dy: -4 });
    expect(decodeSample(sample(1_048_575, false, -16, 15))).toEqual({
      index: 1_048_575,
      flip: false,
      dx: -16,
      dy: 15,
    });
    expect(decodeSample(sample(1, false, 15, -16))).toEqual({ index: 1, flip: false, dx: 15, dy: -16 });
    expect(decodeSample(0x80000000)).toEqual({ index: 0, flip: false, dx: 0, dy: 0 });
  });

  test('normalises each pixel and channel of the picked image', () => {
    const x = gather(source, [sample(2, false, 0, 0), sample(0, false, 0, 0)]);
    expect(x.length).toBe(2 * imageSize);
    for (const p of [0, 31, 1023, 1024, 2048, 3071]) {
      expect(x[p]).toBe(normalised(images[2 * imageSize + p]!, p));
      expect(x[imageSize + p]).toBe(normalised(images[p]!, p));
    }
  });

  test('mirrors columns, and uses mean and std of the destination', () => {
    const x = gather(source, Uint32Array.of(sample(1, true, 0, 0)));
    for (const [channel, r, c] of [
      [0, 0, 0],
      [1, 5, 3],
      [2, 31, 31],
    ] as const) {
      const mirrored = images[imageSize + at(channel, r, 31 - c)]!;
      expect(x[at(channel, r, c)]).toBe(normalised(mirrored, at(channel, r, c)));
    }
  });

  test('images of other sizes', () => {
    const small = { channels: 2, height: 2, width: 3 };
    const bytes = Uint8Array.from({ length: 12 }, (_, i) => i);
    const plain = {
      image: small,
      images: bytes,
      mean: new Array(12).fill(0),
      std: new Array(12).fill(1 / 255),
    };
    const rounded = (x: Float64Array) => Array.from(x, (value) => Math.round(value));
    expect(rounded(gather(plain, [sample(0, true, 0, 0)]))).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]);
    expect(rounded(gather(plain, [sample(0, false, 1, 1)]))).toEqual([4, 5, 0, 0, 0, 0, 10, 11, 0, 0, 0, 0]);
  });

  test('crops, with black outside', () => {
    const x = gather(source, [sample(0, false, 4, -3)]);
    expect(x[at(1, 3, 27)]).toBe(normalised(images[at(1, 0, 31)]!, at(1, 3, 27)));
    expect(x[at(1, 10, 10)]).toBe(normalised(images[at(1, 7, 14)]!, at(1, 10, 10)));
    expect(x[at(1, 2, 10)]).toBe(normalised(0, at(1, 2, 10)));
    expect(x[at(1, 3, 28)]).toBe(normalised(0, at(1, 3, 28)));
  });

  test('flips the crop, not the image', () => {
    const x = gather(source, [sample(0, true, 4, 0)]);
    // Column 10 of the result is column 21 of the crop, that is column 25 of the image.
    expect(x[at(2, 6, 10)]).toBe(normalised(images[at(2, 6, 25)]!, at(2, 6, 10)));
    // Column 3 is column 28 of the crop: outside.
    expect(x[at(2, 6, 3)]).toBe(normalised(0, at(2, 6, 3)));
    expect(x[at(2, 6, 4)]).toBe(normalised(images[at(2, 6, 31)]!, at(2, 6, 4)));
  });

  test('the scale adds the terms that gather subtracts', () => {
    const p = at(0, 1, 1);
    expectClose([absGather(source, [0])[p]!], [(images[p]! / 255 + mean[p]!) / std[p]!]);
  });

  test('refuses an image that is not there, and parts of images', () => {
    expect(() => gather(source, [3])).toThrow('samples[0] asks for image 3 of 3');
    expect(() => gather({ ...source, images: images.slice(1) }, [0])).toThrow('whole images');
    expect(() => gather({ ...source, mean: mean.slice(1) }, [0])).toThrow('mean must have 3072 elements');
  });
});
