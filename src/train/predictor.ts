import { checkNormalisation, type Normalisation } from '../data/normalisation.ts';
import type { Gpu } from '../gpu/device.ts';
import { type Allocator, allocating } from '../gpu/tensor.ts';
import { defaultChoice, type VariantChoice } from '../kernels/variant-choice.ts';
import { featuresOf, shapeWords } from '../nn/layers/layer.ts';
import { makeModel } from '../nn/model.ts';
import { inputOf } from '../nn/net.ts';
import type { NetSpec } from '../nn/net-spec.ts';
import type { NamedTensor } from '../nn/parameters.ts';
import { requireArray, requireFiniteRows } from './array-checks.ts';
import {
  type GpuSplit,
  makeImages,
  makeRows,
  normalisationTensor,
  writeImages,
  writeRows,
} from './dataset.ts';
import { Evaluation } from './evaluation.ts';
import { Pacer } from './pacer.ts';
import { whole } from './settings-check.ts';
import { applyStateDict, arenasOf, writeArenas } from './state.ts';
import { lackingStatistic } from './state-dict-names.ts';

export interface PredictorOptions {
  readonly net: NetSpec;
  /** A state dict: `readWeights` of a safetensors file, or what `Trainer.weights` gives. */
  readonly weights: readonly NamedTensor[];
  /** Of the data that the net was trained on. With it samples are images as bytes, without it rows of numbers as they are. */
  readonly normalisation?: Normalisation;
  /** Samples that are computed at once. */
  readonly batchSize?: number;
  readonly choose?: VariantChoice;
}

/** Samples, one behind the other: images (n, C·H·W) as bytes, channel by channel, row by row; or rows (n, features). */
export type Samples = Uint8Array | Float32Array;

/** A trained net, used: what it takes samples for. Batch norm takes its running statistics. */
export class Predictor {
  readonly #parts: PredictorParts;
  /** One call at a time: two would write their samples to the same buffers. */
  #running: Promise<unknown> = Promise.resolve();

  private constructor(parts: PredictorParts) {
    this.#parts = parts;
  }

  /**
   * Allocates, compiles, uploads the weights.
   * @throws Error where the weights do not fit the net, naming the tensor; RangeError where the net or the normalisation does not fit;
   *   GpuError where the adapter refuses a buffer or a kernel
   */
  static make(gpu: Gpu, options: PredictorOptions): Promise<Predictor> {
    return allocating(gpu, (allocator) => Predictor.#make(allocator, gpu, options));
  }

  static async #make(allocator: Allocator, gpu: Gpu, options: PredictorOptions): Promise<Predictor> {
    const { net, weights, normalisation, batchSize = 100, choose = defaultChoice } = options;
    whole('batchSize', batchSize, 1);
    const model = makeModel(allocator, net, 1);
    const { layout } = model;
    const lacking = lackingStatistic(layout, weights);
    if (lacking !== undefined) throw new Error(`the weights lack the running statistic ${lacking}`);
    const state = {
      parameters: new Float32Array(model.params.replicaStride),
      statistics: new Float32Array(model.running.replicaStride),
    };
    applyStateDict(layout, state, weights);
    const split = splitFor(gpu, allocator, { net, normalisation, count: batchSize });
    writeArenas(gpu, arenasOf(model, {}), state);
    const evaluation = await Evaluation.make(
      { gpu, choose, pacer: new Pacer(gpu) },
      {
        model,
        split,
        range: { firstImage: 0, count: batchSize },
        step: { batchSize, orderSize: batchSize, stepsPerEpoch: 1, fused: false },
      },
    );
    return new Predictor({ gpu, allocator, evaluation, net, split });
  }

  /**
   * Logits (n, classes) of n samples, in their order. The array is read at once, and may be used again.
   * @throws RangeError where the samples are of another size or type than the net takes, or a row has a value that is not finite
   */
  async logits(samples: Samples): Promise<Float32Array<ArrayBuffer>> {
    const kept = this.#checked(samples).slice();
    const done = this.#running.then(() => this.#logits(kept));
    this.#running = done.catch(() => {});
    return done;
  }

  #checked(samples: Samples): Samples {
    const { net, split } = this.#parts;
    const size = featuresOf(net.input);
    if (split.kind === 'images') requireArray('images', samples, Uint8Array);
    else requireArray('rows', samples, Float32Array);
    if (samples.length % size !== 0) {
      throw new RangeError(`${samples.length} values are no whole samples of ${shapeWords(net.input)}`);
    }
    if (samples instanceof Float32Array) requireFiniteRows('rows', samples, size);
    return samples;
  }

  async #logits(samples: Samples): Promise<Float32Array<ArrayBuffer>> {
    const { gpu, evaluation, net, split } = this.#parts;
    const size = featuresOf(net.input);
    const count = samples.length / size;
    const logits = new Float32Array(count * net.classes);
    for (let first = 0; first < count; first += split.count) {
      const n = Math.min(split.count, count - first);
      const labels = new Uint8Array(n);
      const ofBatch = samples.subarray(first * size, (first + n) * size);
      if (split.kind === 'images') {
        writeImages(gpu, split, { images: ofBatch as Uint8Array<ArrayBuffer>, labels });
      } else {
        writeRows(gpu, split, size, { rows: ofBatch as Float32Array, labels });
      }
      const [logitsOfBatch] = await evaluation.logits(n);
      logits.set(logitsOfBatch!, first * net.classes);
    }
    return logits;
  }

  /**
   * The likeliest class of each sample, the first of equal ones.
   * @throws RangeError as `logits`, and where a sample's are not finite, as those of a net that diverged
   */
  async classes(samples: Samples): Promise<number[]> {
    const { classes } = this.#parts.net;
    const logits = await this.logits(samples);
    const place = logits.findIndex((logit) => !Number.isFinite(logit));
    if (place >= 0)
      throw new RangeError(`the logits of sample ${Math.floor(place / classes)} are not finite`);
    return Array.from({ length: logits.length / classes }, (_, i) => {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      return row.reduce((best, logit, c) => (logit > row[best]! ? c : best), 0);
    });
  }

  /** Frees its buffers, once what it was asked is answered. */
  async destroy(): Promise<void> {
    await this.#running;
    this.#parts.evaluation.destroy();
    this.#parts.allocator.destroy();
  }
}

/** Room for `count` samples of the net. */
function splitFor(
  gpu: Gpu,
  allocator: Allocator,
  {
    net,
    normalisation,
    count,
  }: Pick<PredictorOptions, 'net'> & {
    readonly normalisation: Normalisation | undefined;
    readonly count: number;
  },
): GpuSplit {
  if (normalisation === undefined) {
    if (!('features' in inputOf(net))) {
      throw new RangeError('a convolutional net takes images, whose normalisation is missing');
    }
    return makeRows(allocator, 'samples', count, featuresOf(net.input));
  }
  const { input } = net;
  checkNormalisation(normalisation, featuresOf(input));
  const tensor = normalisationTensor(gpu, allocator, normalisation);
  // A net that is given features takes an image's values as they lie.
  const image = 'features' in input ? { channels: input.features, height: 1, width: 1 } : input;
  return makeImages(gpu, allocator, { name: 'samples', count, image, normalisation: tensor });
}

interface PredictorParts {
  readonly gpu: Gpu;
  readonly allocator: Allocator;
  readonly evaluation: Evaluation;
  readonly net: NetSpec;
  readonly split: GpuSplit;
}
