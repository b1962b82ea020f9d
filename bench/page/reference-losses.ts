// The first losses of a run, in float64: what every plan of a step is compared with before it is timed.
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { epochOrder } from '../../src/data/sample-order.ts';
import type { Validation } from '../../src/measure/schema.ts';
import { featuresOf } from '../../src/nn/layers/layer.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import { learningRate } from '../../src/optim/schedule.ts';
import { decodeSample, gather } from '../../src/reference/gather.ts';
import { sumFactor } from '../../src/reference/tolerance.ts';
import { initialState, trainStep } from '../../src/reference/train-step.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import type { BenchData } from './bench-data.ts';

/** Steps that are compared: the second loss is the first one that a wrong gradient or update changes. */
export const comparedSteps = 3;

/** Losses of replica `replica`, starting from `weights`. */
export function referenceLosses(
  { train, normalisation }: BenchData,
  {
    net,
    optimizer,
    replicas,
    batchSize,
    schedule,
    shuffle,
    flip,
    cropPixels,
    labelSmoothing = 0,
  }: TrainSettings,
  replica: number,
  weights: readonly NamedTensor[],
): number[] {
  const { seed, lambda, rateScale } = replicas[replica]!;
  const count = train.labels.length;
  const order = epochOrder({ seed, epoch: 0, firstImage: 0, count, shuffle, flip, cropPixels });
  const state = Object.fromEntries(weights.map(({ name, shape, data }) => [name, { shape, data }]));
  let current = initialState(net, state);
  const losses: number[] = [];
  for (let step = 0; step < comparedSteps; step++) {
    const samples = order.subarray(step * batchSize, (step + 1) * batchSize);
    const x = gather({ image: cifar10.image, images: train.images, ...normalisation }, samples);
    const labels = Array.from(samples, (sample) => train.labels[decodeSample(sample).index]!);
    const rate = learningRate(schedule, step) * rateScale;
    const result = trainStep(
      net,
      current,
      { x, labels },
      {
        optimizer,
        learningRate: rate,
        lambda,
        labelSmoothing,
      },
    );
    losses.push(result.loss);
    current = result.state;
  }
  return losses;
}

/**
 * Compares losses with the reference. Bound, relative to the loss: the first layer's sums err by at most
 * c sqrt(inputs) 2^-24 of their scale (`sumBound`), each layer behind it by no more, and each step adds one such error
 * to the parameters.
 */
export function validateLosses(
  losses: readonly number[],
  expected: readonly number[],
  { net }: TrainSettings,
): Validation {
  const linears = net.layers.filter(({ kind }) => kind === 'linear' || kind === 'conv').length;
  const perStep = sumFactor * Math.sqrt(featuresOf(net.input)) * 2 ** -24 * linears;
  const ratios = expected.map((loss, step) => {
    const error = Math.abs((losses[step] ?? Number.NaN) - loss) / (loss * perStep * (step + 1));
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  });
  const moved = Math.max(...expected.slice(1).map((loss, i) => Math.abs(loss - expected[i]!) / loss));
  const largest = Math.max(...ratios);
  const text = `losses of ${comparedSteps} steps, float64 reference`;
  if (largest > 1) {
    return { ok: false, how: `${text}: expected ${expected.join(', ')}, got ${losses.join(', ')}` };
  }
  if (moved < 10 * perStep) {
    return { ok: false, how: `${text}: they hardly change, so that a wrong gradient would not show` };
  }
  return { ok: true, how: `${text}, largest error ${largest.toFixed(2)} of its bound` };
}
