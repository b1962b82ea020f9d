/**
 * Cases of gather: two shards of images, flips, crops, several epochs, a last batch that is not full.
 *
 * Bound: the scale is rounded (1 unit of 2^-24), its product with the byte (2), the offset (1), the sum (2).
 */
import { type GatherShape, type ImageDimensions, imageSize, imageWords } from '../../kernels/gather.ts';
import type { GatherLabelsShape } from '../../kernels/gather-labels.ts';
import type { GatherNhwcShape } from '../../kernels/gather-nhwc.ts';
import type { GatherRowsShape } from '../../kernels/gather-rows.ts';
import { absGather, decodeSample, gather } from '../gather.ts';
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

const cifar = { C: 3, H: 32, W: 32 } as const;

export const gatherCheck: OpCheck<GatherShape> = {
  shapes: () => [
    { B: 1, ORDER: 3, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, CROP: 0, C: 1, H: 3, W: 5 },
    { B: 1, ORDER: 4, STEPS_PER_EPOCH: 4, SHARD_IMAGES: 4, CROP: 1, C: 3, H: 7, W: 6 },
    { B: 19, ORDER: 40, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 8, CROP: 0, C: 1, H: 28, W: 28 },
    { B: 5, ORDER: 17, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, CROP: 1, C: 1, H: 28, W: 28 },
    { B: 1, ORDER: 3, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 1, CROP: 0, ...cifar },
    { B: 1, ORDER: 4, STEPS_PER_EPOCH: 4, SHARD_IMAGES: 3, CROP: 1, ...cifar },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, CROP: 0, ...cifar },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 7, CROP: 1, ...cifar },
    { B: 23, ORDER: 40, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 8, CROP: 0, ...cifar },
  ],
  build(build, shape) {
    const { source, labelBytes } = imageInputs(build, shape, { pixels: true, labels: true });
    const batch = orderInputs(build, shape, shape.CROP === 1);
    build.expect('x', (r) => ({
      values: paddedRows(gather(source, batch(r)), shape),
      bound: paddedRows(sumBound(absGather(source, batch(r)), 1), shape),
    }));
    build.expect('labels', (r) => labelsOf(labelBytes, batch(r)));
  },
};

/** Channels last; with REFLECT pixels outside the image are those of a mirror. */
export const gatherNhwcCheck: OpCheck<GatherNhwcShape> = {
  shapes: () => [
    { B: 1, ORDER: 3, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, REFLECT: 0, C: 1, H: 17, W: 19 },
    { B: 2, ORDER: 7, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, REFLECT: 1, C: 5, H: 18, W: 20 },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 7, REFLECT: 0, ...cifar },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, REFLECT: 1, ...cifar },
  ],
  build(build, shape) {
    const { C, H, W, REFLECT } = shape;
    const { source, labelBytes } = imageInputs(build, shape, { pixels: true, labels: true });
    const batch = orderInputs(build, shape, true);
    const border = REFLECT === 1 ? 'reflect' : 'black';
    const last = (values: Float64Array) => channelsLast(values, { C, H, W });
    build.expect('x', (r) => ({
      values: last(gather(source, batch(r), border)),
      bound: last(sumBound(absGather(source, batch(r), border), 1)),
    }));
    build.expect('labels', (r) => labelsOf(labelBytes, batch(r)));
  },
};

/** (B, C, H, W) -> (B, H, W, C), the channels padded with zeros to a multiple of 4. */
function channelsLast(values: Float64Array, { C, H, W }: ImageDimensions): Float64Array {
  const padded = 4 * Math.ceil(C / 4);
  const last = new Float64Array((values.length / C) * padded);
  for (const [i, value] of values.entries()) {
    const pixel = i % (H * W);
    const channel = Math.floor(i / (H * W)) % C;
    const image = Math.floor(i / (H * W * C));
    last[(image * H * W + pixel) * padded + channel] = value;
  }
  return last;
}

/** Rows of images, each padded with zeros to whole words. */
function paddedRows(values: Float64Array, image: ImageDimensions): Float64Array {
  const [size, ld] = [imageSize(image), 4 * imageWords(image)];
  const padded = new Float64Array((values.length / size) * ld);
  for (const [i, value] of values.entries()) padded[Math.floor(i / size) * ld + (i % size)] = value;
  return padded;
}

/** labels of this step's samples: a copy. */
export const gatherLabelsCheck: OpCheck<GatherLabelsShape> = {
  shapes: () => [
    { B: 1, ORDER: 3, STEPS_PER_EPOCH: 3 },
    { B: 7, ORDER: 17, STEPS_PER_EPOCH: 3 },
    { B: 64, ORDER: 64, STEPS_PER_EPOCH: 1 },
    { B: 101, ORDER: 211, STEPS_PER_EPOCH: 2 },
  ],
  build(build, { B, ORDER, STEPS_PER_EPOCH }) {
    const shape = { B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES: 8, ...cifar };
    const { labelBytes } = imageInputs(build, shape, { pixels: false, labels: true });
    const batch = orderInputs(build, shape, false);
    build.expect('labels', (r) => labelsOf(labelBytes, batch(r)));
  },
};

/** rows(n, LD), copied row by row. */
export const gatherRowsCheck: OpCheck<GatherRowsShape> = {
  shapes: () => [
    { B: 1, LD: 4, ORDER: 3, STEPS_PER_EPOCH: 3 },
    { B: 7, LD: 12, ORDER: 17, STEPS_PER_EPOCH: 3 },
    { B: 37, LD: 68, ORDER: 80, STEPS_PER_EPOCH: 2 },
  ],
  build(build, { B, LD, ORDER, STEPS_PER_EPOCH }) {
    const samples = 8;
    const rows = build.sharedInput('rows', () => build.normals(samples * LD))(0);
    const labelWords = build.sharedInput('rowLabels', () => Uint32Array.of(build.u32(), build.u32()))(0);
    const order = { B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES: samples, ...cifar };
    const batch = orderInputs(build, order, false, false);
    build.expect('x', (r) => ({
      values: Float64Array.from(
        Array.from(batch(r)).flatMap((word) => {
          const { index } = decodeSample(word);
          return Array.from(rows.subarray(index * LD, (index + 1) * LD));
        }),
      ),
      bound: 0,
    }));
    build.expect('labels', (r) => labelsOf(new Uint8Array(labelWords.buffer), batch(r)));
  },
};

type ImageShape = Pick<GatherShape, 'B' | 'ORDER' | 'STEPS_PER_EPOCH' | 'SHARD_IMAGES' | 'C' | 'H' | 'W'>;

/** What all replicas share: images (in two shards, or one) with their normalisation, and their labels. */
export function imageInputs(
  build: CaseBuilder,
  shape: ImageShape,
  {
    pixels,
    labels,
    sharded = true,
  }: { readonly pixels: boolean; readonly labels: boolean; readonly sharded?: boolean },
) {
  const { SHARD_IMAGES, C, H, W } = shape;
  const images = SHARD_IMAGES + (sharded ? secondShard : 0);
  const [size, perImage] = [imageSize(shape), imageWords(shape)];
  const words = Uint32Array.from({ length: images * perImage }, () => build.u32());
  const firstWords = SHARD_IMAGES * perImage;
  const mean = floats(size, () => 0.3 + 0.4 * build.uniform());
  const std = floats(size, () => 0.1 + 0.3 * build.uniform());
  if (pixels) {
    build.sharedInput('imagesA', () => words.slice(0, firstWords));
    build.sharedInput('imagesB', () => (sharded ? words.slice(firstWords) : words.slice(0, 4)));
    build.sharedInput('normalisation', () =>
      floats(8 * perImage, (i) => {
        const p = i % (4 * perImage);
        if (p >= size) return 0;
        return i < 4 * perImage ? 1 / (255 * std[p]!) : -mean[p]! / std[p]!;
      }),
    );
  }
  const labelWords = Uint32Array.from({ length: Math.ceil(images / 4) }, () => build.u32());
  if (labels) build.sharedInput('imageLabels', () => labelWords);
  const stored = new Uint8Array(words.buffer);
  const bytes = stored.filter((_, i) => i % (4 * perImage) < size);
  const source = { image: { channels: C, height: H, width: W }, images: bytes, mean, std };
  return { source, labelBytes: new Uint8Array(labelWords.buffer) };
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
