/** Small imitations of data sets for the tests of the data layer. */

import { createHash } from 'node:crypto';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import { randomStream } from '../../../src/data/random.ts';
import { imageBytes, type RecordSet, recordBytes } from '../../../src/data/record-set.ts';

/** `count` random records, and the same as images and labels, made without the code under test. */
export function fakeRecords(count: number, seed: number, set: RecordSet = cifar10) {
  const stream = randomStream(seed, 'test');
  const [bytes, size, classes] = [recordBytes(set), imageBytes(set), set.classNames.length];
  const records = new Uint8Array(count * bytes);
  const images = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = stream.below(classes);
    for (let at = 0; at < set.labels.bytes; at++) records[i * bytes + at] = 255;
    records[i * bytes + set.labels.at] = labels[i]!;
    for (let p = 0; p < size; p++) {
      images[i * size + p] = stream.u32();
      records[i * bytes + set.labels.bytes + p] = images[i * size + p]!;
    }
  }
  return { records, images, labels };
}

/** Like `like`, with two training files and a test file, and the contents of each. */
export function fakeSet(imagesPerFile: number, like: RecordSet = cifar10) {
  const contents = new Map<string, ReturnType<typeof fakeRecords>>();
  const files = (['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin'] as const).map((name, f) => {
    const content = fakeRecords(imagesPerFile, 100 + f, like);
    contents.set(name, content);
    return {
      name,
      split: name === 'test_batch.bin' ? ('test' as const) : ('train' as const),
      firstImage: name === 'data_batch_2.bin' ? imagesPerFile : 0,
      images: imagesPerFile,
      sha256: createHash('sha256').update(content.records).digest('hex'),
    };
  });
  const set: RecordSet = { ...like, files };
  return { set, contents };
}
