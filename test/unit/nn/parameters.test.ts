/** Where parameters lie in the flat arrays, and how they go in and out. */
import { describe, expect, test } from 'vitest';
import { paddedWidth } from '../../../src/nn/layers/layer.ts';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import { extractSegment, insertSegment, layOut, type Segment } from '../../../src/nn/parameters.ts';
import { type FullyConnected, fullyConnected } from '../../fully-connected.ts';

const kindOf = ({ name }: Segment): string => name.replace(/^layers\.\d+\./, '');
const torchShape = ({ parameter }: Segment): readonly number[] => parameter.torchShape;

const nets: readonly [string, FullyConnected][] = [
  ['base', { inputs: 3072, hidden: [50, 50], classes: 10, batchNorm: courseBatchNorm }],
  ['odd widths', { inputs: 7, hidden: [5, 3, 1], classes: 2, batchNorm: courseBatchNorm }],
  ['no batch norm', { inputs: 9, hidden: [6], classes: 3, batchNorm: null }],
  ['no hidden layer', { inputs: 4, hidden: [], classes: 3, batchNorm: courseBatchNorm }],
];

test.each([
  [1, 4],
  [4, 4],
  [50, 52],
  [3072, 3072],
])('paddedWidth(%i) = %i', (width, padded) => expect(paddedWidth(width)).toBe(padded));

describe.each(nets)('layOut: %s', (_, spec) => {
  const { parameters, statistics, parameterCount, decayedCount, statisticCount } = layOut(
    fullyConnected(spec),
  );

  test('segments are in bounds and do not overlap', () => {
    for (const [segments, count] of [
      [parameters, parameterCount],
      [statistics, statisticCount],
    ] as const) {
      let end = 0;
      for (const { start, size, parameter, ld } of segments) {
        const { rows, cols } = parameter;
        expect(start).toBeGreaterThanOrEqual(end);
        expect(ld).toBe(paddedWidth(cols));
        expect(size).toBeGreaterThanOrEqual(rows * ld);
        end = start + size;
      }
      expect(end).toBeLessThanOrEqual(count);
      expect(count % 64).toBe(0);
    }
  });

  test('what is bound starts at a multiple of 256 bytes: all but beta and the running variance', () => {
    for (const segment of [...parameters, ...statistics]) {
      const { start } = segment;
      const kind = kindOf(segment);
      if (kind === 'bn.bias' || kind === 'bn.running_var') continue;
      expect(start % 64, kind).toBe(0);
    }
  });

  test('beta follows gamma and the running variance the mean, each pair one array (2, N)', () => {
    for (const [segments, first, second] of [
      [parameters, 'bn.weight', 'bn.bias'],
      [statistics, 'bn.running_mean', 'bn.running_var'],
    ] as const) {
      const of = (kind: string) => segments.filter((segment) => kindOf(segment) === kind);
      expect(of(second).length).toBe(of(first).length);
      for (const [i, { index, start, size }] of of(first).entries()) {
        expect(of(second)[i]).toMatchObject({ index, start: start + size, size });
      }
    }
  });

  test('weight matrices come first, and nothing else is decayed', () => {
    for (const segment of parameters) {
      const { start, size } = segment;
      if (kindOf(segment) === 'linear.weight') expect(start + size).toBeLessThanOrEqual(decayedCount);
      else expect(start).toBeGreaterThanOrEqual(decayedCount);
    }
  });

  test('every layer has its tensors under the names of PyTorch', () => {
    const widths = [spec.inputs, ...spec.hidden, spec.classes];
    const shapes = Object.fromEntries(
      [...parameters, ...statistics].map((segment) => [segment.name, torchShape(segment)]),
    );
    const expected: Record<string, number[]> = {};
    for (let layer = 0; layer + 1 < widths.length; layer++) {
      const outputs = widths[layer + 1]!;
      expected[`layers.${layer}.linear.weight`] = [outputs, widths[layer]!];
      expected[`layers.${layer}.linear.bias`] = [outputs];
      if (spec.batchNorm === null || layer === spec.hidden.length) continue;
      for (const name of ['weight', 'bias', 'running_mean', 'running_var']) {
        expected[`layers.${layer}.bn.${name}`] = [outputs];
      }
    }
    expect(shapes).toEqual(expected);
  });

  test('rows of weight matrices are padded as the columns of the layer before', () => {
    for (const segment of parameters) {
      const { parameter, ld, size } = segment;
      if (kindOf(segment) === 'linear.weight') expect(size).toBe(paddedWidth(parameter.rows) * ld);
      else expect(size).toBe(ld);
    }
  });

  test('there and back leaves the padding alone', () => {
    for (const [segments, count] of [
      [parameters, parameterCount],
      [statistics, statisticCount],
    ] as const) {
      const flat = new Float32Array(count).fill(-1);
      const tensors = segments.map((segment, i) =>
        Float32Array.from(
          { length: segment.parameter.rows * segment.parameter.cols },
          (_, j) => 1 + i + j / 65_536,
        ),
      );
      for (const [i, segment] of segments.entries()) insertSegment(flat, segment, tensors[i]!);
      for (const [i, segment] of segments.entries()) {
        const { name, shape, data } = extractSegment(flat, segment);
        expect([name, shape]).toEqual([segment.name, torchShape(segment)]);
        expect(data.findIndex((value, j) => value !== tensors[i]![j])).toBe(-1);
        expect(data.length).toBe(tensors[i]!.length);
      }
      const written = tensors.reduce((sum, tensor) => sum + tensor.length, 0);
      expect(flat.filter((value) => value === -1).length).toBe(count - written);
    }
  });
});

test('a weight matrix is transposed: (out, in) outside, (in, out) in rows of ld inside', () => {
  const { parameters } = layOut(fullyConnected({ inputs: 2, hidden: [], classes: 3, batchNorm: null }));
  const weight = parameters[0]!;
  const flat = new Float32Array(16).fill(-1);
  insertSegment(flat, weight, [11, 12, 21, 22, 31, 32]); // rows: outputs 1, 2, 3
  expect(Array.from(flat)).toEqual([11, 21, 31, -1, 12, 22, 32, ...new Array(9).fill(-1)]);
});
