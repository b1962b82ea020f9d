/** What a training will take of the GPU's memory is known before there is one: what its trainer then allocates. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { stepBytes } from '../../src/measure/recorded-calls.ts';
import { namedNet } from '../../src/nn/named-nets.ts';
import { adam } from '../../src/optim/adam.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { quickChoice, sharedGpu } from './device.ts';
import { baseSettings, netOf, replica, type SyntheticDataset, syntheticDataset } from './synthetic.ts';

let gpu: Gpu;
let data: SyntheticDataset;
beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, 136, 20);
});
afterAll(() => data.dataset.destroy());

const image = { channels: 3, height: 32, width: 32 };
const settings: readonly (readonly [string, TrainSettings])[] = [
  ['one replica', baseSettings],
  ['without crops, whose first layer may read the bytes', { ...baseSettings, cropPixels: 0 }],
  [
    'three replicas with Adam, without batch norm',
    {
      ...baseSettings,
      net: netOf({ batchNorm: null }),
      optimizer: adam.defaults,
      replicas: [replica(1), replica(2), replica(3)],
    },
  ],
  [
    'a convolutional net with averaged weights',
    { ...baseSettings, net: namedNet('air-4-4-4', image, 10), lookahead: 2 },
  ],
];

test.each(settings)('%s', async (_, each) => {
  const trainer = await Trainer.make(gpu, data.dataset, each, { choose: quickChoice });
  try {
    const { sizeBytes } = trainer;
    expect(stepBytes({ settings: each, capabilities: gpu.capabilities, images: 136 })).toBe(sizeBytes);
  } finally {
    await trainer.destroy();
  }
});
