/**
 * Cases of gather: two shards of images, flips, crops, several epochs, a last batch that is not full.
 *
 * Bound: the scale is rounded (1 unit of 2^-24), its product with the byte (2), the offset (1), the sum (2).
 */
import type { GatherShape } from '../../kernels/gather.ts';
import type { GatherLabelsShape } from '../../kernels/gather-labels.ts';
import { absGather, decodeSample, gather, imageSize } from '../gather.ts';
import { sumBound } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

/** Images behind the first shard's. */
const secondShard = 5;

/** One word of the sample order; the bits: `decodeSample`. */
function sample(build: CaseBuilder, images: number, crop: boolean): number {
  const offset = () => (build.below(2) === 0 ? 0 : build.below(32));
  const augmentation = (build.below(2) << 20) | (crop ? (offset() << 21) | (offset() << 26) : 0);
  return (build.below(images) | augmentation) >>> 0;
}

export const gatherCheck: OpCheck<GatherShape> = {
  shapes: () => [
    { B: 1, ORDER: 3, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 1, CROP: 0 },
    { B: 1, ORDER: 4, STEPS_PER_EPOCH: 4, SHARD_IMAGES: 3, CROP: 1 },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, CROP: 0 },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 7, CROP: 1 },
    { B: 23, ORDER: 40, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 8, CROP: 0 },
  ],
  build(build, shape) {
    const { bytes, mean, std, labelBytes } = imageInputs(build, shape, { pixels: true, labels: true });
    const batch = orderInputs(build, shape, shape.CROP === 1);
    build.expect('x', (r) => ({
      values: gather(bytes, mean, std, batch(r)),
      bound: sumBound(absGather(bytes, mean, std, batch(r)), 1),
    }));
    build.expect('labels', (r) => labelsOf(labelBytes, batch(r)));
  },
};

/** labels of this step's samples: a copy. */
export const gatherLabelsCheck: OpCheck<GatherLabelsShape> = {
  shapes: () => [
    { B: 1, ORDER: 3, STEPS_PER_EPOCH: 3 },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3 },
    { B: 64, ORDER: 64, STEPS_PER_EPOCH: 1 },
    { B: 101, ORDER: 211, STEPS_PER_EPOCH: 2 },
  ],
  build(build, { B, ORDER, STEPS_PER_EPOCH }) {
    const shape = { B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES: 8 };
    const { labelBytes } = imageInputs(build, shape, { pixels: false, labels: true });
    const batch = orderInputs(build, shape, false);
    build.expect('labels', (r) => labelsOf(labelBytes, batch(r)));
  },
};

type ImageShape = Pick<GatherShape, 'B' | 'ORDER' | 'STEPS_PER_EPOCH' | 'SHARD_IMAGES'>;

/** What all replicas share: images (in two shards, or one) with their normalisation, and their labels. */
export function imageInputs(
  build: CaseBuilder,
  { SHARD_IMAGES }: ImageShape,
  {
    pixels,
    labels,
    sharded = true,
  }: { readonly pixels: boolean; readonly labels: boolean; readonly sharded?: boolean },
) {
  const images = SHARD_IMAGES + (sharded ? secondShard : 0);
  const words = Uint32Array.from({ length: (images * imageSize) / 4 }, () => build.u32());
  const firstWords = (SHARD_IMAGES * imageSize) / 4;
  const mean = floats(imageSize, () => 0.3 + 0.4 * build.uniform());
  const std = floats(imageSize, () => 0.1 + 0.3 * build.uniform());
  if (pixels) {
    build.sharedInput('imagesA', () => words.slice(0, firstWords));
    build.sharedInput('imagesB', () => (sharded ? words.slice(firstWords) : words.slice(0, 4)));
    build.sharedInput('normalisation', () =>
      floats(2 * imageSize, (i) => {
        const p = i % imageSize;
        return i < imageSize ? 1 / (255 * std[p]!) : -mean[p]! / std[p]!;
      }),
    );
  }
  const labelWords = Uint32Array.from({ length: Math.ceil(images / 4) }, () => build.u32());
  if (labels) build.sharedInput('imageLabels', () => labelWords);
  return { bytes: new Uint8Array(words.buffer), mean, std, labelBytes: new Uint8Array(labelWords.buffer) };
}

/** The order and the step of each replica; returns this step's words of the order. Rows beyond its end hold the last one again. */
export function orderInputs(
  build: CaseBuilder,
  { B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES }: ImageShape,
  crop: boolean,
  sharded = true,
): (replica: number) => Uint32Array<ArrayBuffer> {
  const images = SHARD_IMAGES + (sharded ? secondShard : 0);
  const order = build.input('order', () =>
    Uint32Array.from({ length: ORDER }, () => sample(build, images, crop)),
  );
  // Every other replica is in the last batch of some epoch.
  const counters = build.input('counters', (r) => {
    const step = r % 2 === 0 ? STEPS_PER_EPOCH - 1 : build.below(STEPS_PER_EPOCH);
    return build.counters(step + STEPS_PER_EPOCH * build.below(3));
  });
  return (r) => {
    const first = (counters(r)[0]! % STEPS_PER_EPOCH) * B;
    return Uint32Array.from({ length: B }, (_, i) => order(r)[Math.min(first + i, ORDER - 1)]!);
  };
}

const labelsOf = (labelBytes: Uint8Array, batch: Uint32Array) => ({
  values: batch.map((word) => labelBytes[decodeSample(word).index]!),
  bound: 0,
});
