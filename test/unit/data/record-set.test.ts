import { describe, expect, test } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import { datasetOf, datasets, datasetUrl } from '../../../src/data/datasets/index.ts';
import {
  emptyImages,
  imageBytes,
  recordBytes,
  recordFileBytes,
  recordSetBytes,
  splitImages,
  splitRecords,
} from '../../../src/data/record-set.ts';
import { fakeRecords, fakeSet } from './fake-records.ts';

describe.each(datasets.map((set) => [set.name, set] as const))('the data set %s', (name, set) => {
  test('is found by its name, which is fit for an address and a folder', () => {
    expect(datasetOf({ dataset: name })).toBe(set);
    expect(name).toMatch(/^[a-z0-9-]+$/);
    expect(datasetUrl(set)).toBe(`/data/${name}/`);
  });

  test('has a SHA-256 of its own for each file, and for its archives', () => {
    const hashes = set.files.map(({ sha256 }) => sha256);
    for (const source of set.sources) if (source.kind === 'archive') hashes.push(source.sha256);
    expect(new Set(hashes).size).toBe(hashes.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has files of each split that follow each other without gaps, in pieces of whole words of labels', () => {
    const next = { train: 0, test: 0 };
    for (const file of set.files) {
      expect(file.firstImage).toBe(next[file.split]);
      expect(file.firstImage % 4).toBe(0);
      next[file.split] += file.images;
    }
    expect(next).toEqual({ train: splitImages(set, 'train'), test: splitImages(set, 'test') });
    expect(Math.min(next.train, next.test)).toBeGreaterThan(0);
  });

  test('has different class names, and its class among the label bytes', () => {
    expect(new Set(set.classNames).size).toBe(set.classNames.length);
    expect(set.labels.at).toBeLessThan(set.labels.bytes);
    expect(set.classNames.length).toBeLessThanOrEqual(256);
  });

  test('records lose nothing but the labels beside the class', () => {
    const { records, images, labels } = fakeRecords(3, 1, set);
    expect(splitRecords(set, records)).toEqual({ images, labels });
  });
});

test('CIFAR-10 is 60,000 images in six files of 30,730,000 bytes', () => {
  expect(cifar10.files.map((file) => recordFileBytes(cifar10, file))).toEqual(Array(6).fill(30_730_000));
  expect(recordSetBytes(cifar10)).toBe(184_380_000);
  expect([splitImages(cifar10, 'train'), splitImages(cifar10, 'test')]).toEqual([50_000, 10_000]);
  expect(cifar10.classNames).toHaveLength(10);
});

test('without a name it is CIFAR-10; an unknown name is refused with those that there are', () => {
  expect(datasetOf({})).toBe(cifar10);
  expect(() => datasetOf({ dataset: 'mnist' })).toThrow(/^there is no data set "mnist", there are: cifar10/);
});

describe('splitRecords', () => {
  test('writes into a larger target at an image index', () => {
    const size = imageBytes(cifar10);
    const { records, images, labels } = fakeRecords(2, 2);
    const target = emptyImages(cifar10, 4);
    splitRecords(cifar10, records, target, 1);
    expect([...target.labels]).toEqual([0, ...labels, 0]);
    expect(target.images.subarray(size, 3 * size)).toEqual(images);
    expect(target.images.subarray(0, size).every((x) => x === 0)).toBe(true);
    expect(target.images.subarray(3 * size).every((x) => x === 0)).toBe(true);
  });

  test('images of another size, their class the second of three label bytes', () => {
    const set = {
      ...cifar10,
      image: { channels: 1, height: 2, width: 3 },
      labels: { bytes: 3, at: 1 },
      classNames: ['a', 'b'],
    };
    const records = Uint8Array.of(9, 1, 9, 1, 2, 3, 4, 5, 6, 9, 0, 9, 7, 8, 9, 10, 11, 12);
    const { images, labels } = splitRecords(set, records);
    expect([...labels]).toEqual([1, 0]);
    expect([...images]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(fakeSet(2, set).contents.get('test_batch.bin')!.records).toHaveLength(2 * recordBytes(set));
  });

  test('refuses part of a record, a label over 9, and a target that is too small', () => {
    const bytes = recordBytes(cifar10);
    const { records } = fakeRecords(2, 3);
    expect(() => splitRecords(cifar10, records.subarray(1))).toThrow('not a multiple of 3073');
    expect(() => splitRecords(cifar10, records, emptyImages(cifar10, 2), 1)).toThrow('do not fit');
    records[bytes] = 10;
    expect(() => splitRecords(cifar10, records)).toThrow('label of image 1 is 10');
    records[bytes] = 9;
    expect(splitRecords(cifar10, records).labels[1]).toBe(9);
  });
});
