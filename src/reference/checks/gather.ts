/**
 * Cases of gather: two shards of images, flips, crops, several epochs, a last batch that is not full.
 *
 * Bound: the scale is rounded (1 unit of 2^-24), its product with the byte (2), the offset (1), the sum (2).
 */
import type { GatherShape } from '../../kernels/gather.ts';
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
  build(build, { B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES, CROP }) {
    const images = SHARD_IMAGES + secondShard;
    const words = Uint32Array.from({ length: (images * imageSize) / 4 }, () => build.u32());
    const firstWords = (SHARD_IMAGES * imageSize) / 4;
    build.sharedInput('imagesA', () => words.slice(0, firstWords));
    build.sharedInput('imagesB', () => words.slice(firstWords));
    const bytes = new Uint8Array(words.buffer);
    const imageLabels = build.sharedInput('imageLabels', () =>
      Uint32Array.from({ length: Math.ceil(images / 4) }, () => build.u32()),
    );
    const labelBytes = new Uint8Array(imageLabels(0).buffer);
    const mean = floats(imageSize, () => 0.3 + 0.4 * build.uniform());
    const std = floats(imageSize, () => 0.1 + 0.3 * build.uniform());
    build.sharedInput('normalisation', () =>
      floats(2 * imageSize, (i) => {
        const p = i % imageSize;
        return i < imageSize ? 1 / (255 * std[p]!) : -mean[p]! / std[p]!;
      }),
    );
    const order = build.input('order', () =>
      Uint32Array.from({ length: ORDER }, () => sample(build, images, CROP === 1)),
    );
    // Every other replica is in the last batch of some epoch.
    const counters = build.input('counters', (r) => {
      const step = r % 2 === 0 ? STEPS_PER_EPOCH - 1 : build.below(STEPS_PER_EPOCH);
      return build.counters(step + STEPS_PER_EPOCH * build.below(3));
    });
    /** This step's words of the order; rows beyond its end hold the last one again. */
    const batch = (r: number) => {
      const first = (counters(r)[0]! % STEPS_PER_EPOCH) * B;
      return Uint32Array.from({ length: B }, (_, i) => order(r)[Math.min(first + i, ORDER - 1)]!);
    };
    build.expect('x', (r) => ({
      values: gather(bytes, mean, std, batch(r)),
      bound: sumBound(absGather(bytes, mean, std, batch(r)), 1),
    }));
    build.expect('labels', (r) => ({
      values: batch(r).map((word) => labelBytes[decodeSample(word).index]!),
      bound: 0,
    }));
  },
};
