import { randomSubset } from '../data/sample-order.ts';
import type { ImageRange } from '../data/splits.ts';
import { Allocator } from '../gpu/tensor.ts';
import { call } from '../kernels/call.ts';
import { stepEnd } from '../kernels/step-end.ts';
import { splitSums } from '../nn/fuse.ts';
import { storedSize } from '../nn/layers/layer.ts';
import type { Model } from '../nn/model.ts';
import { inputOf } from '../nn/net.ts';
import { statisticsPasses } from '../nn/passes.ts';
import type { GpuDataset } from './dataset.ts';
import { gatherCall } from './gather-call.ts';
import type { Pacer } from './pacer.ts';
import { mostSamples } from './pass-size.ts';
import { compilePlan, type PlanTools } from './plan.ts';
import type { BatchStatisticsSpec } from './settings.ts';

/** Samples of a chunk unless a test says otherwise; the last one may be partial. */
export const statisticsChunk = 500;

/** What the samples are drawn from, and for whom. */
export interface StatisticsSource {
  readonly dataset: GpuDataset;
  /** The training split within the dataset's training images. */
  readonly training: ImageRange;
  /** Of each replica: it draws its own samples. */
  readonly seeds: readonly number[];
}

/**
 * Samples that the statistics are computed from, entries of sample-order.ts: of the training split, as they are (precise), or of
 * the test images, each mirrored with probability 1/2 (adaptive). Labels are never used.
 * @throws RangeError where there are fewer images, or fewer than 2 are asked for
 */
export function statisticsSamples(
  { kind, samples }: BatchStatisticsSpec,
  { dataset, training }: Pick<StatisticsSource, 'dataset' | 'training'>,
  seed: number,
): Uint32Array<ArrayBuffer> {
  const count = kind === 'precise' ? training.count : dataset.test.count;
  if (!Number.isInteger(samples) || samples < 2 || samples > count) {
    const images = kind === 'precise' ? 'training' : 'test';
    throw new RangeError(
      `${kind} batch-norm statistics of ${samples} samples: there are ${count} ${images} images, and at least 2 are needed`,
    );
  }
  const chosen = randomSubset({ seed, from: count, count: samples, flip: kind === 'adaptive' });
  return kind === 'precise' ? chosen.map((sample) => sample + training.firstImage) : chosen;
}

/**
 * Replaces the running statistics of every replica by mean and variance of one forward pass over its samples, layer by layer:
 * a layer's come from inputs normalised with the already replaced ones of the layers before it. Samples go through in
 * chunks, whose statistics are merged exactly. The old statistics play no part. A net without batch norm stays as it is.
 *
 * Precise: https://arxiv.org/abs/2105.07576, §3; adaptive: https://arxiv.org/abs/1603.04779.
 * @throws RangeError for samples that the split does not have
 */
export async function replaceBatchStatistics(
  tools: PlanTools & { readonly pacer: Pacer },
  model: Model,
  source: StatisticsSource,
  { chunkSize = statisticsChunk, ...spec }: BatchStatisticsSpec & { readonly chunkSize?: number },
): Promise<void> {
  const { gpu, pacer } = tools;
  const { dataset, seeds } = source;
  const { replicas } = model;
  const { samples: total } = spec;
  const orders = seeds.map((seed) => statisticsSamples(spec, source, seed));
  const B = Math.min(chunkSize, total, mostSamples(gpu, model));
  const chunks = Math.ceil(total / B);
  const allocator = new Allocator(gpu);
  try {
    const input = inputOf(model.spec);
    const x = allocator.tensor('statistics x', B * storedSize(input), replicas);
    const labels = allocator.tensor('statistics labels', B, replicas);
    const order = allocator.tensor('statistics order', total, replicas);
    const counters = allocator.tensor('statistics counters', 4, replicas);
    const { capabilities } = gpu;
    const batch = { x, counters };
    const passes = statisticsPasses({ allocator, model, batch, batchSize: B, total, capabilities });
    const gather = gatherCall(
      {
        label: 'statistics gather',
        input,
        split: spec.kind === 'precise' ? dataset.train : dataset.test,
        batchSize: B,
        stepsPerEpoch: chunks,
      },
      { order, counters, x, labels },
    );
    // There is no loss: step-end, given zeros, counts the chunks.
    const none = {
      rowLoss: allocator.tensor('statistics without loss', 1, replicas),
      rowHit: allocator.tensor('statistics without hits', 1, replicas),
      history: allocator.tensor('statistics without history', 2, replicas),
    };
    const end = call('statistics chunk end', stepEnd, { M: 1, HISTORY: 1 }, { ...none, counters });
    const plans = await Promise.all(
      passes.map((calls) =>
        compilePlan({ ...tools, label: 'batch-norm statistics' }, [
          gather,
          ...splitSums(calls, capabilities, allocator),
          end,
        ]),
      ),
    );
    for (const [replica, samplesOfReplica] of orders.entries()) {
      gpu.device.queue.writeBuffer(order.buffer, replica * order.replicaStride * 4, samplesOfReplica);
    }
    for (const plan of plans) {
      const encoder = gpu.device.createCommandEncoder({ label: 'batch-norm statistics of a layer' });
      encoder.clearBuffer(counters.buffer);
      gpu.device.queue.submit([encoder.finish()]);
      for (let chunk = 0; chunk < chunks; ) chunk += await pacer.submit(plan, chunks - chunk);
    }
    await pacer.drain();
    gpu.check();
  } finally {
    allocator.destroy();
  }
}
