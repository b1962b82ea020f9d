import { describe, expect, test } from 'vitest';
import { netWords, resolveNet } from '../../../src/nn/net.ts';
import { courseBatchNorm, mlp, type NetSpec } from '../../../src/nn/net-spec.ts';
import { layOut } from '../../../src/nn/parameters.ts';
import { namesInStateDict } from '../../../src/train/state-dict-names.ts';

const input = { features: 8 };
const linear = (outputs: number, index?: number) =>
  ({ kind: 'linear', outputs, ...(index !== undefined && { index }) }) as const;

describe('numbers of layers', () => {
  const image = { channels: 1, height: 4, width: 4 };
  const behindConv = (index: number): NetSpec => ({
    input: image,
    layers: [
      { kind: 'conv', filters: 4, size: 2, index },
      { kind: 'flatten', index },
      ...mlp({ input: { features: 36 }, hidden: [5], classes: 2, batchNorm: courseBatchNorm }).layers,
    ],
    classes: 2,
  });

  test('two layers with weights of one number are refused: kernels and random numbers go by it', () => {
    expect(() => resolveNet(behindConv(0))).toThrow(
      'layer 2 (layers.0.linear) and layers.0.conv have one number: give it an index that no other has',
    );
    expect(resolveNet(behindConv(7))).toHaveLength(6);
  });

  test("the modules of a plain nn.Sequential come in the net's order, whatever the numbers", () => {
    const net: NetSpec = { input, layers: [linear(5, 5), { kind: 'relu' }, linear(2, 1)], classes: 2 };
    const tensors = ['0.weight', '0.bias', '2.weight', '2.bias'].map((name) => ({
      name,
      shape: [],
      data: new Float32Array(),
    }));
    expect(Object.fromEntries(namesInStateDict(layOut(net), tensors))).toEqual({
      'layers.5.linear.weight': '0.weight',
      'layers.5.linear.bias': '0.bias',
      'layers.1.linear.weight': '2.weight',
      'layers.1.linear.bias': '2.bias',
    });
  });
});

test.each<[string, NetSpec['layers']]>([
  ['8-2, no batch norm', [linear(2)]],
  ['8-5-2, no batch norm', mlp({ input, hidden: [5], classes: 2 }).layers],
  [
    '8-5-2, batch norm before-relu',
    mlp({ input, hidden: [5], classes: 2, batchNorm: courseBatchNorm }).layers,
  ],
  [
    '8-5-4-2, batch norm after-relu',
    mlp({ input, hidden: [5, 4], classes: 2, batchNorm: { ...courseBatchNorm, order: 'after-relu' } }).layers,
  ],
  [
    '8, linear 5, gelu, batch-norm, linear 2, times 0.5',
    [
      linear(5),
      { kind: 'gelu' },
      { kind: 'batch-norm', ...courseBatchNorm },
      linear(2),
      { kind: 'scale', factor: 0.5 },
    ],
  ],
])('in words: %s', (words, layers) => {
  expect(netWords({ input, layers, classes: 2 })).toBe(words);
});
