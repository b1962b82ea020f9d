/** A device that asked for nothing: WebGPU's default limits, no subgroups, no timestamps. Every net trains on it as on the other. */
import { expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { describeAdapter, type Gpu, wrapDevice } from '../../src/gpu/device.ts';
import { namedNet } from '../../src/nn/named-nets.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { sharedGpu } from './device.ts';
import { baseSettings, replica, syntheticDataset } from './synthetic.ts';

async function plainGpu(): Promise<Gpu> {
  const adapter = (await navigator.gpu.requestAdapter())!;
  return wrapDevice(await adapter.requestDevice(), describeAdapter(adapter.info));
}

/** Loss of every step of both replicas, and accuracies on the test images. */
async function run(gpu: Gpu, settings: TrainSettings) {
  const { dataset } = syntheticDataset(gpu, 200, 40);
  const trainer = await Trainer.make(gpu, dataset, settings);
  const losses: number[] = [];
  await trainer.train({ onReport: ({ loss }) => losses.push(...loss) });
  const scores = await trainer.evaluate('test');
  await trainer.destroy();
  dataset.destroy();
  return { losses, scores };
}

const settings: TrainSettings = {
  ...baseSettings,
  steps: 6,
  batchSize: 20,
  replicas: [replica(1), replica(2)],
  reportSteps: 1,
};

test.each([
  ['fully connected', settings],
  ['convolutions', { ...settings, net: namedNet('vgg-4-8-8', cifar10.image, 10) }],
])('%s', async (_, given) => {
  const plain = await plainGpu();
  expect(plain.capabilities.subgroups).toBe(false);
  expect(plain.timestamps).toBe(false);
  expect(plain.device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
  expect(plain.device.limits.maxComputeWorkgroupStorageSize).toBe(16_384);
  const [here, there] = [await run(plain, given), await run(await sharedGpu(), given)];
  expect(here.losses).toHaveLength(12);
  for (const [i, loss] of here.losses.entries()) expect(loss).toBeCloseTo(there.losses[i]!, 4);
  for (const [r, score] of here.scores.entries()) expect(score.loss).toBeCloseTo(there.scores[r]!.loss, 3);
  plain.device.destroy();
});
