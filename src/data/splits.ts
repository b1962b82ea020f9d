/** How the training images of a data set divide into training and validation. */

/** A run of images in canonical file order. */
export interface ImageRange {
  readonly firstImage: number;
  readonly count: number;
}

/** The two parts of the training files. */
export interface TrainingSplits {
  readonly training: ImageRange;
  readonly validation: ImageRange;
}

/**
 * Cuts the validation split, the last `valSize` images, from `images` training images.
 * @throws RangeError where that leaves less than one batch to train on
 */
export function splitTraining(images: number, valSize: number, batchSize = 1): TrainingSplits {
  const count = images - valSize;
  if (!Number.isInteger(valSize) || valSize < 0 || count < batchSize) {
    throw new RangeError(
      `of ${images} training images, ${valSize} for validation leave less than one batch of ${batchSize}`,
    );
  }
  return { training: { firstImage: 0, count }, validation: { firstImage: count, count: valSize } };
}
