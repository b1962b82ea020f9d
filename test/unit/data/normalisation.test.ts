import { describe, expect, test } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import {
  checkNormalisation,
  computeNormalisation,
  NormalisationSums,
  normalisationSize,
  parseNormalisation,
  perChannel,
  serialiseNormalisation,
} from '../../../src/data/normalisation.ts';
import { imageBytes, recordBytes } from '../../../src/data/record-set.ts';
import { fakeRecords } from './fake-records.ts';

const IMAGE_BYTES = imageBytes(cifar10);
const RECORD_BYTES = recordBytes(cifar10);

test('by channel: mean and deviation of all pixels of a channel', () => {
  const images = Uint8Array.from({ length: 7 * IMAGE_BYTES }, (_, i) => (i * 7919) % 251);
  const { mean, std } = perChannel(computeNormalisation(images, 7, IMAGE_BYTES), 3);
  for (const channel of [0, 1, 2]) {
    const values = Array.from(images).flatMap((byte, i) =>
      Math.floor((i % IMAGE_BYTES) / 1024) === channel ? [byte / 255] : [],
    );
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
    for (const place of [0, 1023]) {
      expect(mean[channel * 1024 + place]).toBeCloseTo(average, 12);
      expect(std[channel * 1024 + place]).toBeCloseTo(Math.sqrt(variance), 12);
    }
  }
});

test('by channel: a pixel that never changes deviates only as its mean does; a channel of them is not scaled', () => {
  const images = new Uint8Array(2 * IMAGE_BYTES);
  // The first channel: half of its pixels 0, half 255, in both images. The second: all 51. The third: 0 and 255 in turn.
  images.fill(255, 0, 512).fill(255, IMAGE_BYTES, IMAGE_BYTES + 512);
  images.fill(51, 1024, 2048).fill(51, IMAGE_BYTES + 1024, IMAGE_BYTES + 2048);
  images.fill(255, 2048, IMAGE_BYTES);
  const { mean, std } = perChannel(computeNormalisation(images, 2, IMAGE_BYTES), 3);
  const of = (values: Float64Array) => [0, 1024, 2048].map((at) => values[at]);
  for (const [i, value] of [0.5, 0.2, 0.5].entries()) expect(of(mean)[i]).toBeCloseTo(value, 12);
  expect(of(std)).toEqual([0.5, 1, 0.5]);
});

describe('checkNormalisation', () => {
  const of = (mean: readonly number[], std: readonly number[]) => ({
    mean: Float64Array.from(mean),
    std: Float64Array.from(std),
  });

  test('takes means of either sign and deviations above 1, which bytes divided by 255 do not have', () => {
    expect(() => checkNormalisation(of([-2, 0], [1e-9, 7]), 2)).not.toThrow();
  });

  test.each([
    [[0], [1, 1], 'normalisation: 1 means and 2 deviations for 2 values'],
    [[0, 0], [1], 'normalisation: 2 means and 1 deviations for 2 values'],
    [[0, 0], [1, 0], 'normalisation: value 1 has mean 0 and std 0'],
    [[0, 0], [-1, 1], 'normalisation: value 0 has mean 0 and std -1'],
    [[0, 0], [1, Number.NaN], 'normalisation: value 1 has mean 0 and std NaN'],
    [[0, 0], [Infinity, 1], 'normalisation: value 0 has mean 0 and std Infinity'],
    [[0, Number.NaN], [1, 1], 'normalisation: value 1 has mean NaN and std 1'],
    [[-Infinity, 0], [1, 1], 'normalisation: value 0 has mean -Infinity and std 1'],
    // Finite here, not in float32.
    [[0, 0], [1, 1e-50], 'normalisation: value 1 has mean 0 and std 1e-50'],
    [[1e39, 0], [1, 1], 'normalisation: value 0 has mean 1e+39 and std 1'],
  ])('means %j, deviations %j: refused', (mean, std, message) => {
    expect(() => checkNormalisation(of(mean, std), 2)).toThrow(new RangeError(message));
  });
});

describe('normalisation', () => {
  test('mean and population std of two known values per pixel', () => {
    const images = new Uint8Array(2 * IMAGE_BYTES);
    images.fill(51, 0, IMAGE_BYTES); // 0.2
    images.fill(153, IMAGE_BYTES); // 0.6
    images[5] = 0;
    images[IMAGE_BYTES + 5] = 255;
    const { mean, std } = computeNormalisation(images, 2, IMAGE_BYTES);
    expect(mean[0]).toBe(0.4);
    expect(std[0]).toBeCloseTo(0.2, 15); // the sample std would be 0.283
    expect([mean[5], std[5]]).toEqual([0.5, 0.5]);
  });

  test('agrees with two passes in float64 within 1e-14', () => {
    const { images } = fakeRecords(37, 1);
    const { mean, std } = computeNormalisation(images, 37, IMAGE_BYTES);
    for (const p of [0, 1, 1024, IMAGE_BYTES - 1]) {
      const values = Array.from({ length: 37 }, (_, i) => images[i * IMAGE_BYTES + p]! / 255);
      const m = values.reduce((sum, x) => sum + x, 0) / 37;
      const variance = values.reduce((sum, x) => sum + (x - m) ** 2, 0) / 37;
      expect(Math.abs(mean[p]! - m)).toBeLessThan(1e-14);
      expect(Math.abs(std[p]! - Math.sqrt(variance))).toBeLessThan(1e-14);
    }
  });

  test('counts only the first images', () => {
    const { images } = fakeRecords(10, 2);
    expect(computeNormalisation(images, 6, IMAGE_BYTES)).toEqual(
      computeNormalisation(images.slice(0, 6 * IMAGE_BYTES), 6, IMAGE_BYTES),
    );
    expect(computeNormalisation(images, 6, IMAGE_BYTES)).not.toEqual(
      computeNormalisation(images, 7, IMAGE_BYTES),
    );
  });

  test('the same bits from records, piece by piece, in another order', () => {
    const { records, images } = fakeRecords(10, 3);
    const sums = new NormalisationSums(IMAGE_BYTES);
    sums.add(records.subarray(4 * RECORD_BYTES), 6, RECORD_BYTES, 1);
    sums.add(records, 4, RECORD_BYTES, 1);
    expect(sums.finish()).toEqual(computeNormalisation(images, 10, IMAGE_BYTES));
  });

  test('a value that never changes has standard deviation 1', () => {
    const { images } = fakeRecords(4, 4);
    for (let i = 0; i < 4; i++) images[i * IMAGE_BYTES + 77] = 51;
    const { mean, std } = computeNormalisation(images, 4, IMAGE_BYTES);
    expect([mean[77], std[77]]).toEqual([0.2, 1]);
    const bytes = serialiseNormalisation({ mean, std });
    expect(parseNormalisation(bytes, IMAGE_BYTES)).toEqual({ mean, std });
  });

  test('images of another size', () => {
    const { mean, std } = computeNormalisation(Uint8Array.of(0, 255, 255, 255), 2, 2);
    expect([...mean, ...std]).toEqual([0.5, 1, 0.5, 1]);
  });

  test('refuses no images and too few bytes', () => {
    const { images } = fakeRecords(4, 4);
    expect(() => computeNormalisation(images, 0, IMAGE_BYTES)).toThrow('no images');
    expect(() => computeNormalisation(images, 5, IMAGE_BYTES)).toThrow('do not hold 5 images');
  });

  test('the binary form is mean then std, float64 little-endian, and reads back bit for bit', () => {
    const normalisation = computeNormalisation(fakeRecords(5, 5).images, 5, IMAGE_BYTES);
    const bytes = serialiseNormalisation(normalisation);
    expect(bytes).toHaveLength(normalisationSize(IMAGE_BYTES));
    expect(new DataView(bytes.buffer).getFloat64(8 * IMAGE_BYTES, true)).toBe(normalisation.std[0]);
    const shifted = new Uint8Array(normalisationSize(IMAGE_BYTES) + 1);
    shifted.set(bytes, 1);
    expect(parseNormalisation(shifted.subarray(1), IMAGE_BYTES)).toEqual(normalisation);
  });

  test.each([
    ['NaN mean', 0, Number.NaN],
    ['mean over 1', 0, 1.01],
    ['zero std', IMAGE_BYTES, 0],
    ['std over 1/2 and not 1', IMAGE_BYTES, 0.6],
    ['infinite std', IMAGE_BYTES, Number.POSITIVE_INFINITY],
    ['NaN as the last std', 2 * IMAGE_BYTES - 1, Number.NaN],
  ])('reading refuses %s', (_, at, value) => {
    const bytes = serialiseNormalisation(computeNormalisation(fakeRecords(5, 5).images, 5, IMAGE_BYTES));
    new DataView(bytes.buffer).setFloat64(8 * at, value, true);
    expect(() => parseNormalisation(bytes, IMAGE_BYTES)).toThrow(RangeError);
  });

  test('reading refuses another length', () => {
    expect(() => parseNormalisation(new Uint8Array(normalisationSize(IMAGE_BYTES) - 1), IMAGE_BYTES)).toThrow(
      '49151 bytes instead of 49152',
    );
  });
});
