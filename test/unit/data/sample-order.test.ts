import { describe, expect, test } from 'vitest';
import { decodeSample, encodeSample, epochOrder, randomSubset } from '../../../src/data/sample-order.ts';

const plain = { seed: 1, epoch: 0, count: 1000, shuffle: true, flip: false } as const;
const images = (order: Uint32Array) => Array.from(order, (word) => decodeSample(word).image);

describe('sample words', () => {
  test('fields stand where the kernels read them', () => {
    expect(encodeSample({ image: 0xabcde, flip: false, cropDx: 0, cropDy: 0 })).toBe(0xabcde);
    expect(encodeSample({ image: 0, flip: true, cropDx: 0, cropDy: 0 })).toBe(0x0010_0000);
    expect(encodeSample({ image: 0, flip: false, cropDx: 1, cropDy: 0 })).toBe(0x0020_0000);
    expect(encodeSample({ image: 0, flip: false, cropDx: -1, cropDy: 0 })).toBe(0x03e0_0000);
    expect(encodeSample({ image: 0, flip: false, cropDx: 0, cropDy: 1 })).toBe(0x0400_0000);
    expect(encodeSample({ image: 0, flip: false, cropDx: 0, cropDy: -1 })).toBe(0x7c00_0000);
  });

  test('decode undoes encode at all corners', () => {
    for (const image of [0, 1, 2 ** 20 - 1]) {
      for (const flip of [false, true]) {
        for (const cropDx of [-16, -1, 0, 15]) {
          for (const cropDy of [-16, -1, 0, 15]) {
            const sample = { image, flip, cropDx, cropDy };
            expect(decodeSample(encodeSample(sample))).toEqual(sample);
          }
        }
      }
    }
  });

  test.each([
    { image: 2 ** 20, cropDx: 0, cropDy: 0 },
    { image: -1, cropDx: 0, cropDy: 0 },
    { image: 0.5, cropDx: 0, cropDy: 0 },
    { image: 0, cropDx: 16, cropDy: 0 },
    { image: 0, cropDx: 0, cropDy: -17 },
    { image: 0, cropDx: 0, cropDy: 0.5 },
  ])('$image $cropDx $cropDy does not fit', (fields) => {
    expect(() => encodeSample({ ...fields, flip: false })).toThrow(RangeError);
  });
});

describe('epochOrder', () => {
  test('is a permutation of exactly its images', () => {
    const order = epochOrder({ ...plain, firstImage: 500 });
    expect(images(order).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => 500 + i));
    expect(images(order)).not.toEqual(images(epochOrder({ ...plain, firstImage: 500, shuffle: false })));
  });

  test('without shuffle it is the file order', () => {
    expect([...epochOrder({ ...plain, firstImage: 7, count: 3, shuffle: false })]).toEqual([7, 8, 9]);
  });

  test('same seed and epoch: same order; another seed or epoch: another one', () => {
    expect(epochOrder(plain)).toEqual(epochOrder(plain));
    expect(epochOrder({ ...plain, epoch: 1 })).not.toEqual(epochOrder(plain));
    expect(epochOrder({ ...plain, seed: 2 })).not.toEqual(epochOrder(plain));
  });

  test('flip mirrors half of the images and leaves the permutation as it was', () => {
    const order = epochOrder({ ...plain, flip: true });
    expect(images(order)).toEqual([...epochOrder(plain)]);
    const flipped = [...order].filter((word) => decodeSample(word).flip).length;
    expect(Math.abs(flipped - 500)).toBeLessThan(5 * Math.sqrt(250));
  });

  test('crop draws -n..n in x and y and leaves permutation and flips as they were', () => {
    const order = epochOrder({ ...plain, flip: true, cropPixels: 2 });
    const withoutCrop = epochOrder({ ...plain, flip: true });
    expect([...order].map((word) => word & 0x1f_ffff)).toEqual([...withoutCrop]);
    for (const axis of ['cropDx', 'cropDy'] as const) {
      const shifts = new Set([...order].map((word) => decodeSample(word)[axis]));
      expect([...shifts].toSorted((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    }
    expect([...order].some((word) => decodeSample(word).cropDx !== decodeSample(word).cropDy)).toBe(true);
  });

  test('each epoch has flips of its own', () => {
    const flips = (epoch: number) =>
      Array.from(
        epochOrder({ ...plain, epoch, shuffle: false, flip: true }),
        (word) => decodeSample(word).flip,
      );
    expect(flips(0)).not.toEqual(flips(1));
  });

  test('each epoch has crops of its own, without reference to flips and permutation', () => {
    const crops = (epoch: number) =>
      Array.from(epochOrder({ ...plain, epoch, shuffle: false, cropPixels: 2 }), (word) => {
        const { cropDx, cropDy } = decodeSample(word);
        return [cropDx, cropDy];
      });
    expect(crops(0)).not.toEqual(crops(1));
    expect(crops(1)).toEqual(crops(1));
  });

  test('limits: both sides', () => {
    expect(epochOrder({ ...plain, firstImage: 2 ** 20 - 1, count: 1 })).toHaveLength(1);
    expect(() => epochOrder({ ...plain, firstImage: 2 ** 20, count: 1 })).toThrow(RangeError);
    expect(epochOrder({ ...plain, count: 0 })).toHaveLength(0);
    expect(() => epochOrder({ ...plain, count: -1 })).toThrow(RangeError);
    expect(epochOrder({ ...plain, cropPixels: 15 })).toHaveLength(1000);
    expect(() => epochOrder({ ...plain, cropPixels: 16 })).toThrow('from -16 to 15, got 16');
  });
});

describe('alternating flips', () => {
  const flips = (epoch: number) => {
    const order = epochOrder({ ...plain, epoch, firstImage: 50, flip: 'alternating' });
    return new Map(Array.from(order, decodeSample).map(({ image, flip }) => [image, flip]));
  };

  test('an image is mirrored in every other epoch, wherever it stands', () => {
    const [first, second, third] = [flips(0), flips(1), flips(2)];
    expect([...first.values()].filter(Boolean).length).toBeGreaterThan(400);
    for (const [image, flip] of first) {
      expect(second.get(image)).toBe(!flip);
      expect(third.get(image)).toBe(flip);
    }
  });
});

describe('randomSubset', () => {
  test('chooses different images, deterministic in the seed', () => {
    const subset = randomSubset({ seed: 1, from: 100, count: 40, flip: false });
    expect(new Set(subset).size).toBe(40);
    expect(Math.max(...subset)).toBeLessThan(100);
    expect(subset).toEqual(randomSubset({ seed: 1, from: 100, count: 40, flip: false }));
    expect(subset).not.toEqual(randomSubset({ seed: 2, from: 100, count: 40, flip: false }));
  });

  test('flip keeps the choice and mirrors half', () => {
    const subset = randomSubset({ seed: 1, from: 1000, count: 1000, flip: true });
    expect(images(subset)).toEqual([...randomSubset({ seed: 1, from: 1000, count: 1000, flip: false })]);
    const flipped = [...subset].filter((word) => decodeSample(word).flip).length;
    expect(Math.abs(flipped - 500)).toBeLessThan(5 * Math.sqrt(250));
  });

  test('does not choose more than there are', () => {
    expect(randomSubset({ seed: 1, from: 3, count: 3, flip: false })).toHaveLength(3);
    expect(() => randomSubset({ seed: 1, from: 3, count: 4, flip: false })).toThrow('cannot choose 4 of 3');
  });
});
