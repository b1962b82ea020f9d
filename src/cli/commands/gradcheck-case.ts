// What a gradient check is done on: the batch of the first training step, and weights that hide no mistake.
import { datasetOf } from '../../data/datasets/index.ts';
import { loadNormalisation, type StreamOptions, streamImages } from '../../data/load.ts';
import type { Normalisation } from '../../data/normalisation.ts';
import { randomStream } from '../../data/random.ts';
import { type ImageSize, imageBytes, splitImages } from '../../data/record-set.ts';
import { epochOrder } from '../../data/sample-order.ts';
import { splitTraining } from '../../data/splits.ts';
import { initialState } from '../../nn/init.ts';
import { isTrained } from '../../nn/layers/layer.ts';
import type { NetSpec } from '../../nn/net-spec.ts';
import { extractSegment, layOut, type NamedTensor } from '../../nn/parameters.ts';
import { type NormalisedImages, whiteningFilters } from '../../nn/whitening.ts';
import { gather } from '../../reference/gather.ts';
import { areClear, type GradientCase, gradientBounds } from '../../reference/gradient-report.ts';
import type { Expected } from '../../reference/rounding.ts';
import type { TrainSettings } from '../../train/settings.ts';

/** Images as bytes (B, C·H·W), their labels (B), and how they are normalised. */
export interface ByteBatch {
  readonly image: ImageSize;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly normalisation: Normalisation;
}

/** The batch of a run's first step. @throws Error where the data cannot be loaded */
export async function firstBatch(
  source: StreamOptions,
  { valSize, batchSize, replicas, shuffle, normalisation: by, ...settings }: TrainSettings,
): Promise<ByteBatch> {
  const set = datasetOf(settings);
  const size = imageBytes(set);
  const { training } = splitTraining(splitImages(set, 'train'), valSize, batchSize);
  const { seed } = replicas[0]!;
  const order = epochOrder({ seed, epoch: 0, ...training, shuffle, flip: false }).subarray(0, batchSize);
  const images = new Uint8Array(batchSize * size);
  const labels = new Uint8Array(batchSize);
  const normalisation = await loadNormalisation(set, source, training.count, by);
  await streamImages(set, source, (split, firstImage, ofFile, labelsOfFile) => {
    if (split !== 'train') return;
    for (const [b, image] of order.entries()) {
      const i = image - firstImage;
      if (i < 0 || i >= labelsOfFile.length) continue;
      images.set(ofFile.subarray(i * size, (i + 1) * size), b * size);
      labels[b] = labelsOfFile[i]!;
    }
  });
  return { image: set.image, images, labels, normalisation };
}

/**
 * He weights as in training, but biases and beta around 0 and gamma around 1: with exactly 0 and 1 a kernel that leaves them out
 * would pass. Filters that whiten do it for the images (n, channels, height, width). `draw` tells draws of the same seed apart.
 */
export function randomWeights(
  net: NetSpec,
  images: NormalisedImages,
  seed: number,
  draw: number,
): NamedTensor[] {
  const layout = layOut(net);
  const { parameters } = initialState(
    layout,
    'he',
    (layer) => randomStream(seed, 'weights', layer),
    ({ parameter }) => whiteningFilters(images, parameter.torchShape.at(-1)!),
  );
  const stream = randomStream(seed, 'gradient-check', draw);
  return layout.parameters.map((segment) => {
    const tensor = extractSegment(parameters, segment);
    if (segment.parameter.decays || !isTrained(segment.parameter)) return tensor;
    return { ...tensor, data: tensor.data.map((value) => value + 0.2 * stream.normal()) };
  });
}

/** Draws of biases, gamma and beta until no ReLU switches within rounding. */
const maxDraws = 20;

/** A case, its weights as the GPU takes them, and the bounds of its gradients. */
export interface BoundedCase {
  readonly gradientCase: GradientCase;
  readonly weights: readonly NamedTensor[];
  readonly bounds: Readonly<Record<string, Expected>>;
}

/**
 * The case of a batch. Where ReLUs switch within rounding, other biases, gamma and beta are drawn; the last draw is kept,
 * clear or not.
 */
export function drawCase(
  { net, replicas, labelSmoothing = 0 }: TrainSettings,
  batch: ByteBatch,
): BoundedCase {
  const { seed, lambda } = replicas[0]!;
  const { image, images, labels, normalisation } = batch;
  const { mean, std } = normalisation;
  const samples = Uint32Array.from(labels, (_, b) => b);
  const x = gather({ image, images, mean, std }, samples);
  for (let draw = 0; ; draw++) {
    const weights = randomWeights(net, { values: x, ...image }, seed, draw);
    const params = Object.fromEntries(weights.map(({ name, ...tensor }) => [name, tensor]));
    const gradientCase = { net, params, x, labels, lambda, labelSmoothing };
    const bounds = gradientBounds(gradientCase);
    if (areClear(bounds) || draw + 1 === maxDraws) return { gradientCase, weights, bounds };
  }
}
