/** A trained net, used on images: against the trainer's own evaluation. */
import { expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { Predictor } from '../../src/train/predictor.ts';
import { writeSafetensors } from '../../src/train/safetensors.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { readWeights } from '../../src/train/weights-file.ts';
import { quickChoice, sharedGpu } from './device.ts';
import { baseSettings, netOf, syntheticDataset } from './synthetic.ts';

const gpu = await sharedGpu();
const tools = { choose: quickChoice };

test.each([
  ['of a fully connected net', netOf({})],
  [
    'of a convolutional net',
    {
      input: cifar10.image,
      layers: [
        { kind: 'conv', filters: 3, size: 8, stride: 8 },
        { kind: 'relu' },
        { kind: 'flatten' },
        { kind: 'linear', outputs: 10 },
      ],
      classes: 10,
    },
  ],
] as const)(
  "images: the trained weights %s, by their file, give the trainer's own logits",
  async (_, net) => {
    const { dataset, test: images, normalisation } = syntheticDataset(gpu, 80, 60);
    const settings = { ...baseSettings, net, steps: 4, replicas: baseSettings.replicas.slice(0, 1) };
    const trainer = await Trainer.make(gpu, dataset, { ...settings, valSize: 0 }, tools);
    await trainer.train();
    const [own] = await trainer.testLogits(60);
    const [tensors] = await trainer.weights();
    const weights = readWeights(writeSafetensors({ tensors: tensors!, metadata: {} }));
    const predictor = await Predictor.make(gpu, { ...tools, net, weights, normalisation, batchSize: 50 });
    const logits = await predictor.logits(images.images);
    const scale = own!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const [i, value] of own!.entries()) expect(Math.abs(logits[i]! - value)).toBeLessThan(1e-5 * scale);
    await predictor.destroy();
    await trainer.destroy();
    dataset.destroy();
  },
);
