import { biasGradient } from '../../kernels/bias.ts';
import { call } from '../../kernels/call.ts';
import { matmulDgrad, matmulForward, matmulForwardSplit, matmulWgrad } from '../../kernels/matmul.ts';
import { type LayerContext, type LayerKind, matrix, paddedWidth, storedSize, vector } from './layer.ts';

/** y = x·w + bias: every output from every value of the sample. */
export interface LinearSpec {
  readonly kind: 'linear';
  readonly outputs: number;
  /** false: no bias. */
  readonly bias?: boolean;
}

const sizes = ({ batchSize, input, spec }: LayerContext<LinearSpec>) => ({
  M: batchSize,
  N: paddedWidth(spec.outputs),
  K: storedSize(input),
});

export const linear: LayerKind<LinearSpec> = {
  kind: 'linear',
  stem: 'linear',
  outputShape({ outputs }, input) {
    if (!('features' in input))
      throw new RangeError('it wants a row of features: put flatten in front of it');
    if (!Number.isInteger(outputs) || outputs < 1) throw new RangeError(`${outputs} outputs`);
    return { features: outputs };
  },
  parameters: ({ outputs, bias }, input) => [
    matrix('weight', input, outputs),
    ...(bias === false ? [] : [vector('bias', outputs, 0)]),
  ],
  forward(layer, x) {
    const { label, spec } = layer;
    const shape = sizes(layer);
    const { M, N, K } = shape;
    const hasBias = spec.bias !== false;
    const w = layer.parameter('weight');
    const y = layer.tensor('linear', M * N);
    const forward = hasBias
      ? call(`${label} forward`, matmulForward, shape, { x, w, bias: layer.parameter('bias'), y })
      : // All terms in one part: the product as it is.
        call(`${label} forward`, matmulForwardSplit, { ...shape, SPLITS: 1 }, { x, w, y });
    return {
      y,
      calls: [forward],
      backward(dy, wantDx) {
        const dw = layer.gradient('weight');
        const calls = [call(`${label} wgrad`, matmulWgrad, shape, { x, dy, dw })];
        if (hasBias) {
          const db = layer.gradient('bias');
          calls.push(call(`${label} bias gradient`, biasGradient, { M, N }, { dy, db }));
        }
        if (!wantDx) return { calls };
        const dx = layer.tensor('dx', M * K);
        return { dx, calls: [...calls, call(`${label} dgrad`, matmulDgrad, shape, { dy, w, dx })] };
      },
    };
  },
};
