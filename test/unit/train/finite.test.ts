import { expect, test } from 'vitest';
import {
  NonFiniteLoss,
  requireFiniteScores,
  requireFiniteState,
  requireFiniteWeights,
} from '../../../src/train/finite.ts';

const replicas = [1, 2].map((seed) => ({ seed, lambda: 0.005, rateScale: 1 }));
const score = (loss: number) => ({ loss, accuracy: 0.1 });
const state = (parameters: number[], statistics: number[]) => ({
  parameters: Float32Array.from(parameters),
  statistics: Float32Array.from(statistics),
});

test('finite results pass, and so do those of a stopped run', () => {
  requireFiniteScores([score(2.3), score(0)], 'test', replicas, 1);
  requireFiniteScores(null, 'validation', replicas, 1);
  requireFiniteState(state([1, 2, 3, 4], [0, 1]), replicas, 1);
  requireFiniteState(state([1, 2], []), replicas, 1);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('a loss of %d names replica and step', (loss) => {
  const act = () => requireFiniteScores([score(2.3), score(loss)], 'test', replicas, 7);
  expect(act).toThrow(NonFiniteLoss);
  expect(act).toThrow(
    'the test loss of replica 1 (seed 2, lambda 0.005) is not finite after step 7: try a lower learning rate',
  );
});

test('before the first step it is not the learning rate', () => {
  expect(() => requireFiniteScores([score(Number.NaN)], 'test', replicas, 0)).toThrow(
    /before the first step: the initial weights/,
  );
});

test('a state: which replica, and what of it', () => {
  expect(() => requireFiniteState(state([1, 2, 3, Number.NaN], [0, 1]), replicas, 7)).toThrow(
    /^the net of replica 1 .* is not finite after step 7/,
  );
  expect(() => requireFiniteState(state([1, 2, 3, 4], [Infinity, 1]), replicas, 7)).toThrow(
    /^the batch-norm statistics of replica 0 /,
  );
});

test('weights: which tensor', () => {
  const tensor = (name: string, ...data: number[]) => ({
    name,
    shape: [data.length],
    data: Float32Array.from(data),
  });
  const weights = [[tensor('a', 1)], [tensor('a', 1), tensor('layers.0.bn.running_var', 1, Infinity)]];
  expect(() => requireFiniteWeights(weights, replicas, 7)).toThrow(
    /^the layers\.0\.bn\.running_var of replica 1 \(seed 2/,
  );
});
