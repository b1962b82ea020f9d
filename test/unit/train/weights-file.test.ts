/** Files of weights that PyTorch wrote (test/fixtures/state-dicts.py): the net that they make computes what PyTorch's does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { courseBatchNorm, type NetSpec } from '../../../src/nn/net-spec.ts';
import { layOut } from '../../../src/nn/parameters.ts';
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

describe('refusals', () => {
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
