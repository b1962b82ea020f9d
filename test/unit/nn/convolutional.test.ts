/** Convolutional nets: shapes, names and layout of their parameters, gradients of the float64 reference, bad specs. */
import { describe, expect, test } from 'vitest';
import { namedNet, torchBatchNorm } from '../../../src/nn/named-nets.ts';
import { parameterCount, resolveNet } from '../../../src/nn/net.ts';
import type { NetSpec } from '../../../src/nn/net-spec.ts';
import { extractSegment, insertSegment, layOut } from '../../../src/nn/parameters.ts';
import { gradientCheck } from '../../../src/reference/gradient-check.ts';

const cifar = { channels: 3, height: 32, width: 32 };
const input = { channels: 3, height: 9, width: 7 };

/** A little of everything. */
export const mixed: NetSpec = {
  input,
  layers: [
    { kind: 'conv', filters: 5, size: 3, padding: 1, bias: false },
    { kind: 'max-pool', size: 2 },
    { kind: 'batch-norm', ...torchBatchNorm },
    { kind: 'gelu' },
    { kind: 'conv', filters: 6, size: 3, stride: 2, padding: 1 },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'linear', outputs: 4 },
  ],
  classes: 4,
};

test('vgg-16-32-64: shapes, names, parameters', () => {
  const net = namedNet('vgg-16-32-64', cifar, 10);
  const named = resolveNet(net).filter(({ parameters }) => parameters.length > 0);
  expect(named.map(({ name, output }) => [name, output])).toEqual([
    ['layers.0.conv', { channels: 16, height: 32, width: 32 }],
    ['layers.1.bn', { channels: 16, height: 32, width: 32 }],
    ['layers.3.conv', { channels: 32, height: 16, width: 16 }],
    ['layers.4.bn', { channels: 32, height: 16, width: 16 }],
    ['layers.6.conv', { channels: 64, height: 8, width: 8 }],
    ['layers.7.bn', { channels: 64, height: 8, width: 8 }],
    ['layers.11.linear', { features: 10 }],
  ]);
  expect(parameterCount(net)).toBe(28 * 16 + 32 + 145 * 32 + 64 + 289 * 64 + 128 + 650);
});

test('patch-4-10-50 has the parameters of its PyTorch twin', () => {
  expect(parameterCount(namedNet('patch-4-10-50', cifar, 10))).toBe(49 * 10 + 641 * 50 + 510);
});

test('what goes into the flat arrays comes out again; padded channels stay 0', () => {
  const { parameters, parameterCount: count } = layOut(mixed);
  const flat = new Float32Array(count);
  for (const segment of parameters) {
    const length = segment.parameter.torchShape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, (_, i) => i + 1);
    insertSegment(flat, segment, data);
    expect(extractSegment(flat, segment).data).toEqual(data);
  }
  const written = parameters.reduce(
    (sum, { parameter: { torchShape } }) => sum + torchShape.reduce((a, b) => a * b, 1),
    0,
  );
  expect(flat.filter((value) => value !== 0)).toHaveLength(written);
});

test('w(K, N) has rows (row, column, channel) of the filter, PyTorch (filter, channel, row, column)', () => {
  const segment = layOut(mixed).parameters.find(({ name }) => name === 'layers.0.conv.weight')!;
  const flat = new Float32Array(layOut(mixed).parameterCount);
  const data = new Float32Array(5 * 3 * 9);
  data[((2 * 3 + 1) * 3 + 0) * 3 + 2] = 7; // filter 2, channel 1, row 0, column 2
  insertSegment(flat, segment, data);
  const row = (0 * 3 + 2) * 4 + 1;
  expect(flat[segment.start + row * 8 + 2]).toBe(7);
});

test('gradients of the float64 reference are right', () => {
  let state = 1;
  const number = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const params = Object.fromEntries(
    layOut(mixed).parameters.map(({ name, parameter: { torchShape } }) => {
      const length = torchShape.reduce((product, size) => product * size, 1);
      return [
        name,
        {
          shape: torchShape,
          data: Float64Array.from({ length }, () => number() / 2 + (name.endsWith('bn.weight') ? 1 : 0)),
        },
      ];
    }),
  );
  const x = Float64Array.from({ length: 3 * 189 }, number);
  const rows = gradientCheck({
    net: mixed,
    params,
    x,
    labels: [0, 3, 1],
    lambda: 0.01,
    samplesPerTensor: 12,
  });
  expect(rows.map(({ name }) => name)).toHaveLength(7);
  for (const row of rows) expect(row.maxDifference, row.name).toBeLessThan(1e-7);
});

describe('what does not fit is named', () => {
  const net = (...layers: NetSpec['layers']): NetSpec => ({ input, layers, classes: 4 });
  const out = { kind: 'linear', outputs: 4 } as const;
  test.each([
    [
      net({ kind: 'conv', filters: 4, size: 3 }, out),
      'layer 1 (layers.1.linear) behind 4 x 7 x 5 values: it wants a row of features: put flatten in front of it',
    ],
    [
      net({ kind: 'conv', filters: 4, size: 3, stride: 0 }),
      'layer 0 (layers.0.conv) behind 3 x 9 x 7 values: a stride of 0',
    ],
    [
      net({ kind: 'max-pool', size: 8 }),
      'layer 0 (layers.0.pool) behind 3 x 9 x 7 values: a window of 8 pixels does not fit into 7: nothing is left',
    ],
    [net({ kind: 'conv', filters: 0, size: 3 }), '0 filters'],
    [net({ kind: 'flatten' }, { kind: 'max-pool', size: 2 }), 'it wants an image, not a row of features'],
    [
      net({ kind: 'max-pool', size: 2 }, { kind: 'flatten' }, { kind: 'batch-norm', ...torchBatchNorm }, out),
      'put it in front of flatten',
    ],
    [
      net({ kind: 'batch-norm', ...torchBatchNorm, eps: 0 }),
      'layer 0 (layers.0.bn) behind 3 x 9 x 7 values: an eps of 0, a statsMomentum of 0.1',
    ],
    [net({ kind: 'batch-norm', ...torchBatchNorm, eps: Number.NaN }), 'an eps of NaN'],
    [net({ kind: 'batch-norm', ...torchBatchNorm, statsMomentum: 1.5 }), 'a statsMomentum of 1.5'],
  ] as const)('%#', (spec, message) => expect(() => resolveNet(spec)).toThrow(message));

  test.each(['vgg-16-32', 'vgg-16-32-0', 'patch', 'dense-3', 'vgg-16-32-64-5', ''])('net "%s"', (name) => {
    expect(() => namedNet(name, cifar, 10)).toThrow(
      `there is no net "${name}": names are patch-<patch size>-<filters>-<hidden>`,
    );
  });

  test('a patch larger than the image', () => {
    expect(() => resolveNet(namedNet('patch-64-10-50', cifar, 10))).toThrow('nothing is left');
  });
});
