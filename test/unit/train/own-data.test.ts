/** Arrays of the caller's own are refused in one line, before anything reaches the GPU. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { withDefaults } from '../../../src/train/defaults.ts';
import { floatDataset, imageDataset, type OwnImages, type OwnRows } from '../../../src/train/own-data.ts';
import { fakeGpu } from '../fake-gpu.ts';

const untouched = new Proxy({} as Gpu, {
  get: (_, name) => {
    throw new Error(`the GPU was asked for ${String(name)}`);
  },
});

afterEach(() => vi.unstubAllGlobals());

const image = { channels: 1, height: 2, width: 3 };
const split = (count: number, size: number, label = 0) => ({
  images: new Uint8Array(count * size),
  rows: new Float32Array(count * size),
  labels: new Uint8Array(count).fill(label),
});
const withNaN = split(4, 6);
withNaN.rows[7] = Number.NaN;
const images: OwnImages = { image, classes: 2, train: split(4, 6), test: split(2, 6) };
const rows: OwnRows = { features: 6, classes: 2, train: split(4, 6), test: split(2, 6, 1) };

describe.each([
  ['images', (changes: object) => imageDataset(untouched, { ...images, ...changes })],
  ['rows', (changes: object) => floatDataset(untouched, { ...rows, ...changes })],
] as const)('%s', (_, make) => {
  test.each([
    [{ classes: 0 }, 'classes: 0 is not from 1 to 256'],
    [{ classes: 257 }, 'classes: 257 is not from 1 to 256'],
    [{ train: split(0, 6) }, 'train: number of samples: 0 is not from 1 to 1048576'],
    [{ train: split(4, 5) }, 'train: 20 values for 4 labels, which want 6 each'],
    [{ test: split(2, 7) }, 'test: 14 values for 2 labels, which want 6 each'],
    [{ test: split(2, 6, 2) }, 'test: label 0 is 2, not 0..1'],
    [{ train: split(4, 6, 255) }, 'train: label 0 is 255, not 0..1'],
  ])('%o', (changes, message) => {
    expect(() => make(changes)).toThrow(new RangeError(message));
  });

  test('what fits goes to the GPU', () => {
    expect(() => make({})).toThrow('the GPU was asked for');
  });
});

test.each([
  [
    { image: { channels: 0, height: 2, width: 3 } },
    'image: channels * height * width: 0 is not from 1 to Infinity',
  ],
  [
    { normalisation: { mean: new Float64Array(5), std: new Float64Array(6) } },
    'normalisation: 5 means and 6 deviations for 6 values',
  ],
  [
    { normalisation: { mean: new Float64Array(6), std: new Float64Array(6) } },
    'normalisation: value 0 has mean 0 and std 0',
  ],
  [{ trainingImages: 0 }, 'trainingImages: 0 is not from 1 to 4'],
  [{ trainingImages: 5 }, 'trainingImages: 5 is not from 1 to 4'],
  [{ trainingImages: 2.5 }, 'trainingImages: 2.5 is no whole number'],
])('images alone: %o', (changes, message) => {
  expect(() => imageDataset(untouched, { ...images, ...changes })).toThrow(new RangeError(message));
});

test.each(['pixel', 'channel'] as const)(
  'images kept for validation are no part of what images are normalised by: %s',
  (by) => {
    const train = {
      images: Uint8Array.from({ length: 24 }, (_, i) => i ** 2 % 251),
      labels: new Uint8Array(4),
    };
    const made = (changes: object) =>
      imageDataset(fakeGpu(1024).gpu, { ...images, train, normalisation: by, ...changes }).normalisation;
    const first = { images: train.images.slice(0, 18), labels: new Uint8Array(3) };
    expect(made({ trainingImages: 3 })).toEqual(made({ train: first }));
    expect(made({ trainingImages: 4 })).toEqual(made({}));
    expect(made({ trainingImages: 3 })).not.toEqual(made({}));
  },
);

test('rows alone: no number of features', () => {
  expect(() => floatDataset(untouched, { ...rows, features: 1.5 })).toThrow(
    new RangeError('features: 1.5 is no whole number'),
  );
});

test('settings: what is given stands, the rest is plain SGD on one net of seed 1', () => {
  const net = { input: { features: 2 }, layers: [{ kind: 'linear', outputs: 2 }], classes: 2 } as const;
  const schedule = { kind: 'constant', rate: 0.1 } as const;
  const settings = withDefaults({ net, steps: 3, schedule, batchSize: 7, flip: true });
  expect(settings).toMatchObject({ net, steps: 3, schedule, batchSize: 7, flip: true, shuffle: true });
  expect(settings).toMatchObject({
    optimizer: { kind: 'sgd' },
    replicas: [{ seed: 1, lambda: 0 }],
    valSize: 0,
  });
});

test.each<[string, object]>([
  ['train.rows: must be a Float32Array, got Array', { train: { rows: [1, 2], labels: new Uint8Array(1) } }],
  [
    'test.rows: must be a Float32Array, got Float64Array',
    { test: { ...split(2, 6), rows: new Float64Array(12) } },
  ],
  [
    'train.labels: must be a Uint8Array, got Int32Array',
    { train: { ...split(4, 6), labels: new Int32Array(4) } },
  ],
  ['test.labels: must be a Uint8Array, got undefined', { test: { rows: new Float32Array(12) } }],
  ['test.rows: must be a Float32Array, got undefined', { test: undefined }],
])('rows in plain JavaScript: %s', (message, changes) => {
  expect(() => floatDataset(untouched, { ...rows, ...changes })).toThrow(new RangeError(message));
});

test('images in plain JavaScript: a canvas has other bytes', () => {
  const train = { ...split(4, 6), images: new Uint8ClampedArray(24) } as unknown as OwnImages['train'];
  expect(() => imageDataset(untouched, { ...images, train })).toThrow(
    new RangeError('train.images: must be a Uint8Array, got Uint8ClampedArray'),
  );
});

test('rows with a value that is not finite: which', () => {
  const make = (changes: object) => () => floatDataset(untouched, { ...rows, ...changes });
  expect(make({ train: withNaN })).toThrow(new RangeError('train: row 1 has a value of NaN'));
  expect(make({ test: withNaN })).toThrow(new RangeError('test: row 1 has a value of NaN'));
});
