/** Small imitations of CIFAR-10 for the tests of the data layer. */

import { createHash } from 'node:crypto';
import { IMAGE_BYTES, RECORD_BYTES, type RecordSet } from '../../../src/data/cifar10.ts';
import { randomStream } from '../../../src/data/random.ts';

/** `count` random records, and the same as images and labels, made without the code under test. */
export function fakeRecords(count: number, seed: number) {
  const stream = randomStream(seed, 'test');
  const records = new Uint8Array(count * RECORD_BYTES);
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = stream.below(10);
    records[i * RECORD_BYTES] = labels[i]!;
    for (let p = 0; p < IMAGE_BYTES; p++) {
      images[i * IMAGE_BYTES + p] = stream.u32();
      records[i * RECORD_BYTES + 1 + p] = images[i * IMAGE_BYTES + p]!;
    }
  }
  return { records, images, labels };
}

/** A data set of two training files and a test file, with the contents of each. */
export function fakeSet(imagesPerFile: number) {
  const contents = new Map<string, ReturnType<typeof fakeRecords>>();
  const files = (['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin'] as const).map((name, f) => {
    const content = fakeRecords(imagesPerFile, 100 + f);
    contents.set(name, content);
    return {
      name,
      split: name === 'test_batch.bin' ? ('test' as const) : ('train' as const),
      firstImage: name === 'data_batch_2.bin' ? imagesPerFile : 0,
      sha256: createHash('sha256').update(content.records).digest('hex'),
    };
  });
  const set: RecordSet = { files, imagesPerFile };
  return { set, contents };
}
