/** Seeded nets and batches for the tests. */
import { featuresOf } from '../../../src/nn/layers/layer.ts';
import { resolveNet } from '../../../src/nn/net.ts';
import type { NetSpec } from '../../../src/nn/net-spec.ts';
import type { Tensor64 } from '../../../src/reference/numbers.ts';

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
export function randomCase(net: NetSpec, batchSize: number, seed: number) {
  const normal = normalNumbers(seed);
  const params: Record<string, Tensor64> = {};
  for (const layer of resolveNet(net)) {
    for (const { name, torchShape: shape, init } of layer.parameters) {
      const size = shape.reduce((product, side) => product * side, 1);
      const data =
        typeof init === 'number'
          ? normal(size, init === 1 ? 0.2 : layer.kind.kind === 'linear' ? 0.1 : 0.2).map(
              (value) => value + init,
            )
          : normal(size, Math.sqrt(2 / (init === 'whitening' ? size / shape[0]! : init.fanIn)));
      params[`${layer.name}.${name}`] = { shape, data };
    }
  }
  const x = normal(batchSize * featuresOf(net.input));
  const labels = Uint32Array.from({ length: batchSize }, (_, b) => (b * 7 + seed) % net.classes);
  return { params, x, labels };
}
