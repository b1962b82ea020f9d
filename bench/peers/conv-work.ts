/** The training step of a convolutional net that every peer does: layers, initial state, one batch, the optimizer. Plain data. */
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { randomStream } from '../../src/data/random.ts';
import { namedNetExperiment } from '../../src/experiments/named-net-settings.ts';
import { initialState } from '../../src/nn/init.ts';
import { namedNet } from '../../src/nn/named-nets.ts';
import { type PlacedLayer, resolveNet } from '../../src/nn/net.ts';
import type { NetSpec } from '../../src/nn/net-spec.ts';
import { extractSegment, layOut, type NamedTensor } from '../../src/nn/parameters.ts';
import type { SgdSpec } from '../../src/optim/sgd.ts';

/** A net with a name, with its family's settings. */
export interface ConvWork {
  readonly name: string;
  readonly net: NetSpec;
  readonly batchSize: number;
  readonly classes: number;
  /** Parameters and running statistics, PyTorch's names and layout. Biases of layers that feed batch norm are 0. */
  readonly initial: readonly NamedTensor[];
  /** (B, 3, 32, 32) */
  readonly x: Float32Array<ArrayBuffer>;
  /** (B), class indices */
  readonly labels: Uint8Array<ArrayBuffer>;
  readonly optimizer: SgdSpec;
  readonly learningRate: number;
  /** The cost is the mean cross-entropy + lambda * sum of w^2 over weight matrices; `optimizer.weightDecay` is for all parameters. */
  readonly lambda: number;
  readonly labelSmoothing: number;
}

export interface ConvWorkOptions {
  /** `vgg-16-32-64` */
  readonly name: string;
  readonly batchSize?: number;
  readonly seed?: number;
}

/** A batch of normal numbers in the place of normalised images. The same options give the same numbers. */
export function makeConvWork({ name, batchSize = 100, seed = 1 }: ConvWorkOptions): ConvWork {
  const { settings } = namedNetExperiment(name);
  if (settings.optimizer.kind !== 'sgd') throw new Error(`${name}: the peers are written for SGD`);
  const classes = cifar10.classNames.length;
  const net = namedNet(name, cifar10.image, classes);
  const layout = layOut(net);
  const state = initialState(layout, settings.init, (layer) => randomStream(seed, 'weights', layer));
  const stream = randomStream(seed, 'test', 4);
  const { channels, height, width } = cifar10.image;
  return {
    name,
    net,
    batchSize,
    classes,
    initial: [
      ...layout.parameters.map((segment) => extractSegment(state.parameters, segment)),
      ...layout.statistics.map((segment) => extractSegment(state.statistics, segment)),
    ],
    x: Float32Array.from({ length: batchSize * channels * height * width }, () => stream.normal()),
    labels: Uint8Array.from({ length: batchSize }, () => stream.below(classes)),
    optimizer: settings.optimizer,
    learningRate: settings.lrMax,
    lambda: settings.lambda,
    labelSmoothing: settings.labelSmoothing ?? 0,
  };
}

/** A layer that a peer writes, and whether batch norm takes its bias away: then good users leave it out (`bias=False`). */
export interface ConvWorkLayer extends PlacedLayer {
  readonly isFree: boolean;
}

export function convWorkLayers({ net }: ConvWork): readonly ConvWorkLayer[] {
  const layers = resolveNet(net);
  return layers.map((layer, i) => ({ ...layer, isFree: layers[i + 1]?.spec.kind === 'batch-norm' }));
}

/** Values of a tensor of the work. */
export function initialValues({ initial }: ConvWork, name: string): Float32Array<ArrayBuffer> {
  return Float32Array.from(initial.find((tensor) => tensor.name === name)!.data);
}

/** (B, classes): 1 at the label, smoothed. */
export function targets({ labels, classes, labelSmoothing }: ConvWork): Float32Array<ArrayBuffer> {
  const result = new Float32Array(labels.length * classes).fill(labelSmoothing / classes);
  for (const [row, label] of labels.entries()) result[row * classes + label]! += 1 - labelSmoothing;
  return result;
}
