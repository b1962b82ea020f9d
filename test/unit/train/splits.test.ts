/** Which images of a data set are trained on. */
import { describe, expect, test } from 'vitest';
import { type GpuDataset, scaleAndOffset, trainingSplits } from '../../../src/train/dataset.ts';

const dataset = (count: number) => ({ train: { count } }) as GpuDataset;

describe('trainingSplits', () => {
  test('the last images are for validation, whatever the size', () => {
    expect(trainingSplits(dataset(50_000), 5_000, 100)).toEqual({
      training: { firstImage: 0, count: 45_000 },
      validation: { firstImage: 45_000, count: 5_000 },
    });
    expect(trainingSplits(dataset(12), 4, 8)).toEqual({
      training: { firstImage: 0, count: 8 },
      validation: { firstImage: 8, count: 4 },
    });
  });

  test.each([
    [12, 5, 8, 'of 12 training images, 5 for validation leave less than one batch of 8'],
    [12, 13, 8, 'of 12 training images, 13 for validation leave less than one batch of 8'],
    [12, -1, 8, /^of 12 training images, -1 /],
    [12, 0.5, 8, /^of 12 training images, 0\.5 /],
  ])('%i images, %d for validation, batches of %i: refused', (count, valSize, batchSize, message) => {
    expect(() => trainingSplits(dataset(count), valSize, batchSize)).toThrow(message);
  });
});

test('scaleAndOffset: byte · scale + offset is (byte / 255 - mean) / std, to a rounding', () => {
  const mean = Float64Array.from({ length: 3072 }, (_, i) => 0.3 + i / 10_000);
  const std = Float64Array.from({ length: 3072 }, (_, i) => 0.1 + i / 20_000);
  const table = scaleAndOffset({ mean, std });
  for (const i of [0, 1, 1024, 3071]) {
    expect(table[i]).toBe(Math.fround(1 / (255 * std[i]!)));
    expect(table[3072 + i]).toBe(Math.fround(-mean[i]! / std[i]!));
  }
  expect(table.length).toBe(2 * 3072);
});
