/** State dicts into the flat arrays of a population and back. */

import { describe, expect, test } from 'vitest';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import { layOut, type NamedTensor } from '../../../src/nn/parameters.ts';
import { applyStateDict, stateDict } from '../../../src/train/state.ts';
import { fullyConnected } from '../../fully-connected.ts';

const net = fullyConnected({ inputs: 3, hidden: [5, 2], classes: 3, batchNorm: courseBatchNorm });
const layout = layOut(net);

/** Every tensor of the net, numbered throughout. */
function numbered(from = 1): NamedTensor[] {
  let next = from;
  return [...layout.parameters, ...layout.statistics].map((segment) => {
    const shape = segment.parameter.torchShape;
    const size = shape.reduce((product, side) => product * side, 1);
    return { name: segment.name, shape, data: Float32Array.from({ length: size }, () => next++) };
  });
}

const empty = () => ({
  parameters: new Float32Array(layout.parameterCount),
  statistics: new Float32Array(layout.statisticCount),
});

const byName = (tensors: readonly NamedTensor[]) => [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));

test('there and back, each replica its own', () => {
  const replicas = [numbered(1), numbered(1000)];
  const states = replicas.map((tensors) => {
    const state = empty();
    applyStateDict(layout, state, tensors);
    return state;
  });
  const joined = (name: 'parameters' | 'statistics') =>
    Float32Array.from(states.flatMap((state) => Array.from(state[name])));
  const arenas = { parameters: joined('parameters'), statistics: joined('statistics') };
  for (const [r, tensors] of replicas.entries()) {
    expect(byName(stateDict(layout, arenas, r, 2))).toEqual(byName(tensors));
  }
});

test('a state dict lists layer by layer', () => {
  const names = stateDict(layout, empty(), 0, 1).map(({ name }) => name);
  const hidden = (layer: number) =>
    ['linear.weight', 'linear.bias', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'].map(
      (rest) => `layers.${layer}.${rest}`,
    );
  expect(names).toEqual([...hidden(0), ...hidden(1), 'layers.2.linear.weight', 'layers.2.linear.bias']);
});

describe('applyStateDict', () => {
  test('the order of the tensors does not matter', () => {
    const [a, b] = [empty(), empty()];
    applyStateDict(layout, a, numbered());
    applyStateDict(layout, b, numbered().reverse());
    expect(b).toEqual(a);
  });

  test('without running statistics they stay', () => {
    const state = empty();
    state.statistics.fill(7);
    applyStateDict(
      layout,
      state,
      numbered().filter(({ name }) => !name.includes('running')),
    );
    expect(new Set(state.statistics)).toEqual(new Set([7]));
  });

  test.each(layout.parameters.map(({ name }) => name))('without %s: refused', (missing) => {
    const tensors = numbered().filter(({ name }) => name !== missing);
    expect(() => applyStateDict(layout, empty(), tensors)).toThrow(`the weights lack ${missing}`);
  });

  test('an unknown tensor is refused', () => {
    const unknown = { name: 'layers.3.linear.weight', shape: [1], data: new Float32Array(1) };
    expect(() => applyStateDict(layout, empty(), [...numbered(), unknown])).toThrow(
      'the weights hold layers.3.linear.weight (1), which this net does not have: it has layers.0.linear.weight',
    );
  });

  test.each([
    ['layers.0.linear.weight', [3, 5], '3 x 5', '5 x 3'],
    ['layers.0.linear.weight', [15], '15', '5 x 3'],
    ['layers.2.linear.bias', [3, 1], '3 x 1', '3'],
    ['layers.1.bn.running_var', [3], '3', '2'],
  ])('%s as %j: refused', (name, shape, got, wanted) => {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    const tensors = numbered().map((tensor) => (tensor.name === name ? { name, shape, data } : tensor));
    expect(() => applyStateDict(layout, empty(), tensors)).toThrow(
      `${name} is ${got} in the weights, ${wanted} in this net`,
    );
  });

  test.each([14, 16])('%i values of a shape that has 15: refused', (count) => {
    const name = 'layers.0.linear.weight';
    const tensors = numbered().map((tensor) =>
      tensor.name === name ? { ...tensor, data: new Float32Array(count) } : tensor,
    );
    expect(() => applyStateDict(layout, empty(), tensors)).toThrow(
      new Error(`${name}: ${count} values, its shape has 15`),
    );
  });
});
