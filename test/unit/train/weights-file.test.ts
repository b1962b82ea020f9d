/** Files of weights that PyTorch wrote (test/fixtures/state-dicts.py): the net that they make computes what PyTorch's does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { courseBatchNorm, type NetSpec } from '../../../src/nn/net-spec.ts';
import { layOut, type NamedTensor } from '../../../src/nn/parameters.ts';
import { netForward } from '../../../src/reference/net.ts';
import { readSafetensors, writeSafetensors } from '../../../src/train/safetensors.ts';
import { applyStateDict, stateDict } from '../../../src/train/state.ts';
import { readWeights } from '../../../src/train/weights-file.ts';
import { fullyConnected } from '../../fully-connected.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(join(import.meta.dirname, `../../fixtures/state-dicts/${name}.safetensors`)));

const netOf = (order: 'before-relu' | 'after-relu' | 'none'): NetSpec =>
  fullyConnected({
    inputs: 6,
    hidden: [5, 4],
    classes: 3,
    batchNorm: order === 'none' ? null : { ...courseBatchNorm, order },
  });

/** What the file's weights, loaded into a net, are as a state dict again. */
function loaded(net: NetSpec, file: Uint8Array) {
  const layout = layOut(net);
  const state = {
    parameters: new Float32Array(layout.parameterCount),
    statistics: new Float32Array(layout.statisticCount),
  };
  applyStateDict(layout, state, readWeights(file));
  return stateDict(layout, { ...state }, 0, 1);
}

test.each([
  ['float32', 'before-relu', 1e-12],
  ['float16', 'before-relu', 1e-12],
  ['bfloat16', 'before-relu', 1e-12],
  // Weights are kept as f32.
  ['float64', 'before-relu', 1e-5],
  ['sequential-before-relu', 'before-relu', 1e-12],
  ['sequential-after-relu', 'after-relu', 1e-12],
  ['sequential-none', 'none', 1e-12],
] as const)('%s', (name, order, bound) => {
  const file = fixture(name);
  const { x = '', logits = '' } = readSafetensors(file).metadata;
  const net = netOf(order);
  const state = Object.fromEntries(loaded(net, file).map((tensor) => [tensor.name, tensor]));
  const actual = netForward(net, state, (JSON.parse(x) as number[][]).flat(), 'evaluation');
  const expected = (JSON.parse(logits) as number[][]).flat();
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(bound);
});

test('what is written has the names and shapes of the state dict, so that PyTorch loads it with strict=True', () => {
  const { tensors } = readSafetensors(fixture('float32'));
  const written = readSafetensors(
    writeSafetensors({ tensors: loaded(netOf('before-relu'), fixture('float32')), metadata: {} }),
  );
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  expect(written.others).toEqual([]);
  expect([...written.tensors].sort(byName)).toEqual([...tensors].sort(byName));
});

test('modules without tensors leave gaps, whatever they are', () => {
  const file = fixture('sequential-before-relu');
  const moved = readWeights(file).map((tensor) => {
    const [number, name] = tensor.name.split('.');
    return { ...tensor, name: `${2 * Number(number) + 7}.${name}` };
  });
  const net = netOf('before-relu');
  expect(loaded(net, writeSafetensors({ tensors: moved, metadata: {} }))).toEqual(loaded(net, file));
});

describe('refusals', () => {
  const withTensors = (change: (tensors: NamedTensor[]) => NamedTensor[], name = 'float32') =>
    writeSafetensors({ tensors: change([...readWeights(fixture(name))]), metadata: {} });
  const extra = { name: 'head.bias', shape: [2], data: new Float32Array(2) };
  const net = netOf('before-relu');

  test.each([
    [
      'a missing tensor',
      withTensors((all) => all.filter(({ name }) => name !== 'layers.1.bn.weight')),
      'the weights lack layers.1.bn.weight (4)',
    ],
    [
      'a missing tensor of a Sequential',
      withTensors((all) => all.filter(({ name }) => name !== '4.bias'), 'sequential-before-relu'),
      'the weights lack 4.bias (4)',
    ],
    [
      'a tensor too many',
      withTensors((all) => [...all, extra]),
      'the weights hold head.bias (2), which this net does not have: it has layers.0.linear.weight (5 x 6), layers.0.linear.bias (5), layers.0.bn.weight (5), layers.0.bn.bias (5) and 10 more',
    ],
    [
      'a Sequential of other layers',
      fixture('sequential-none'),
      '2.weight, which would be layers.0.bn.weight, is 4 x 5 in the weights, 5 in this net',
    ],
    [
      'a Sequential with fewer layers',
      withTensors((all) => all.filter(({ name }) => !name.startsWith('6.')), 'sequential-before-relu'),
      'the weights lack (layers.2.linear).weight (3 x 4)',
    ],
    [
      'another shape',
      withTensors((all) =>
        all.map((tensor) => (tensor.name === 'layers.0.bn.bias' ? { ...tensor, shape: [1, 5] } : tensor)),
      ),
      'layers.0.bn.bias is 1 x 5 in the weights, 5 in this net',
    ],
  ])('%s', (_, file, message) => {
    expect(() => loaded(net, file)).toThrow(new Error(message));
  });

  test('a weight of a type that weights do not come in', () => {
    const file = fixture('float32');
    const text = new TextDecoder('latin1').decode(file);
    const at = text.indexOf('"F32"', text.indexOf('layers.1.linear.bias'));
    file.set(new TextEncoder().encode('"I32"'), at);
    expect(() => readWeights(file)).toThrow(
      'layers.1.linear.bias (4) is I32 in the weights, expected F64, F32, F16, BF16',
    );
  });
});
