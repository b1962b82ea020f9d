/** A net with a leaky ReLU against PyTorch (test/fixtures/leaky-relu.py): the float64 mirror, then the GPU. */
import { expect, test } from 'vitest';
import { resolveNet } from '../../src/nn/net.ts';
import type { NetSpec } from '../../src/nn/net-spec.ts';
import { netGradients } from '../../src/reference/net.ts';
import fixture from '../fixtures/leaky-relu.json';
import { quickChoice, sharedGpu } from './device.ts';
import { NetOnGpu } from './net-on-gpu.ts';

const net: NetSpec = {
  input: { features: 4 },
  layers: [
    { kind: 'linear', outputs: 5 },
    { kind: 'leaky-relu', slope: 0.1 },
    { kind: 'linear', outputs: 3 },
  ],
  classes: 3,
};
const { params, grads, x, labels } = fixture;

test('float64', () => {
  const result = netGradients(net, params, { x, labels });
  expect(result.loss).toBeCloseTo(fixture.loss, 14);
  for (const [name, { data }] of Object.entries(grads)) {
    for (const [i, value] of data.entries()) {
      expect(result.lossGrads[name]!.data[i], name).toBeCloseTo(value, 13);
    }
  }
});

test('GPU', async () => {
  const onGpu = await NetOnGpu.make(await sharedGpu(), {
    net,
    batchSize: 7,
    optimizer: { kind: 'sgd' },
    steps: 1,
    replicas: [{ initial: params, learningRate: 0.1, lambda: 0 }],
    choose: quickChoice,
  });
  const [result] = await onGpu.step([{ x, labels }]);
  onGpu.destroy();
  for (const [i, value] of fixture.logits.entries()) expect(result!.logits[i]).toBeCloseTo(value, 6);
  for (const [name, { data }] of Object.entries(grads)) {
    for (const [i, value] of data.entries()) expect(result!.grads[name]![i], name).toBeCloseTo(value, 6);
  }
});

test('a slope that makes no sense is refused, with its layer', () => {
  const layers = [{ kind: 'leaky-relu', slope: 2 }, ...net.layers.slice(2)] as const;
  expect(() => resolveNet({ ...net, layers })).toThrow(
    'layer 0 (layers.0.leaky_relu) behind 4 values: a slope of 2',
  );
});
