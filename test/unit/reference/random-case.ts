/** Seeded nets and batches for the tests. */
import { layerShapes, type NetBatchNorm, type NetShape, tensorName } from '../../../src/reference/net.ts';
import type { Tensor64 } from '../../../src/reference/numbers.ts';

/** The course's batch norm. */
export const courseBatchNorm: NetBatchNorm = {
  order: 'before-relu',
  eps: 1e-5,
  statsMomentum: 0.1,
  runningVariance: 'biased',
  runningInit: 'first-batch',
};

/** Standard normal numbers: Box-Muller on a 32-bit linear congruential generator (Numerical Recipes' constants). */
export function normalNumbers(seed: number): (count: number, std?: number) => Float64Array {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return (count, std = 1) =>
    Float64Array.from(
      { length: count },
      () => std * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
    );
}

/** Parameters with He weights, gamma around 1, biases and beta around 0, and a batch. */
export function randomCase(net: NetShape, batchSize: number, seed: number) {
  const normal = normalNumbers(seed);
  const params: Record<string, Tensor64> = {};
  layerShapes(net).forEach(({ K, N }, i) => {
    params[tensorName(i, 'linear.weight')] = { shape: [N, K], data: normal(N * K, Math.sqrt(2 / K)) };
    params[tensorName(i, 'linear.bias')] = { shape: [N], data: normal(N, 0.1) };
    if (!net.batchNorm || i === net.hidden.length) return;
    params[tensorName(i, 'bn.weight')] = { shape: [N], data: normal(N, 0.2).map((value) => value + 1) };
    params[tensorName(i, 'bn.bias')] = { shape: [N], data: normal(N, 0.2) };
  });
  const x = normal(batchSize * net.inputs);
  const labels = Uint32Array.from({ length: batchSize }, (_, b) => (b * 7 + seed) % net.classes);
  return { params, x, labels };
}
