import { describe, expect, test } from 'vitest';
import {
  CIFAR10,
  CLASS_NAMES,
  emptyImages,
  IMAGE_BYTES,
  RECORD_BYTES,
  recordFileBytes,
  splitImages,
  splitRecords,
  TEST_IMAGES,
  TRAIN_IMAGES,
} from '../../../src/data/cifar10.ts';
import { MAX_VAL_SIZE, parseValSize, splitTraining } from '../../../src/data/splits.ts';
import { fakeRecords } from './fake-records.ts';

describe('cifar10: constants', () => {
  test('six files of 30,730,000 bytes with six different SHA-256', () => {
    expect(recordFileBytes(CIFAR10)).toBe(30_730_000);
    expect(new Set(CIFAR10.files.map((file) => file.sha256)).size).toBe(6);
    for (const file of CIFAR10.files) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(splitImages(CIFAR10, 'train')).toBe(TRAIN_IMAGES);
    expect(splitImages(CIFAR10, 'test')).toBe(TEST_IMAGES);
    expect(CLASS_NAMES).toHaveLength(10);
  });

  test('the files of a split follow each other without gaps', () => {
    const next = { train: 0, test: 0 };
    for (const file of CIFAR10.files) {
      expect(file.firstImage).toBe(next[file.split]);
      next[file.split] += CIFAR10.imagesPerFile;
    }
  });
});

describe('splitRecords', () => {
  test('separates labels and images', () => {
    const { records, images, labels } = fakeRecords(3, 1);
    expect(splitRecords(records)).toEqual({ images, labels });
  });

  test('writes into a larger target at an image index', () => {
    const { records, images, labels } = fakeRecords(2, 2);
    const target = emptyImages(4);
    splitRecords(records, target, 1);
    expect([...target.labels]).toEqual([0, ...labels, 0]);
    expect(target.images.subarray(IMAGE_BYTES, 3 * IMAGE_BYTES)).toEqual(images);
    expect(target.images.subarray(0, IMAGE_BYTES).every((x) => x === 0)).toBe(true);
    expect(target.images.subarray(3 * IMAGE_BYTES).every((x) => x === 0)).toBe(true);
  });

  test('refuses part of a record, a label over 9, and a target that is too small', () => {
    const { records } = fakeRecords(2, 3);
    expect(() => splitRecords(records.subarray(1))).toThrow('not a multiple of 3073');
    expect(() => splitRecords(records, emptyImages(2), 1)).toThrow('do not fit');
    records[RECORD_BYTES] = 10;
    expect(() => splitRecords(records)).toThrow('label of image 1 is 10');
    records[RECORD_BYTES] = 9;
    expect(splitRecords(records).labels[1]).toBe(9);
  });
});

describe('splitTraining', () => {
  test.each([0, 1, 5_000, MAX_VAL_SIZE])('validation is the last %d images', (valSize) => {
    const { training, validation } = splitTraining(valSize);
    expect(training).toEqual({ firstImage: 0, count: TRAIN_IMAGES - valSize });
    expect(validation).toEqual({ firstImage: TRAIN_IMAGES - valSize, count: valSize });
  });

  test.each([-1, 0.5, MAX_VAL_SIZE + 1, Number.NaN])('%s is refused', (valSize) => {
    expect(() => splitTraining(valSize)).toThrow(RangeError);
  });

  test('what the user typed is read or quoted', () => {
    expect(parseValSize('5000')).toBe(5_000);
    expect(parseValSize('49900')).toBe(MAX_VAL_SIZE);
    expect(() => parseValSize('abc')).toThrow('--val-size must be an integer from 0 to 49900, got "abc"');
    for (const text of ['', '-1', '1e3', '0x10', '1.5', ' 5', '49901', '100000']) {
      expect(() => parseValSize(text)).toThrow(`got "${text}"`);
    }
  });
});
