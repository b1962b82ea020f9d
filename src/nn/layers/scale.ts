import { call } from '../../kernels/call.ts';
import { scale as kernel } from '../../kernels/scale.ts';
import { type LayerKind, storedSize } from './layer.ts';

/** y = factor · x: of logits, a temperature. */
export interface ScaleSpec {
  readonly kind: 'scale';
  readonly factor: number;
}

export const scale: LayerKind<ScaleSpec> = {
  kind: 'scale',
  stem: 'scale',
  outputShape({ factor }, input) {
    if (!Number.isFinite(factor) || factor === 0) throw new RangeError(`a factor of ${factor}`);
    return input;
  },
  parameters: () => [],
  forward(layer, x) {
    const { label, spec } = layer;
    const shape = { COUNT: layer.batchSize * storedSize(layer.input), FACTOR: spec.factor };
    const y = layer.tensor('scaled', shape.COUNT);
    return {
      y,
      calls: [call(`${label} scale`, kernel, shape, { x, y })],
      backward(dy, wantDx) {
        if (!wantDx) return { calls: [] };
        const dx = layer.tensor('scaled dx', shape.COUNT);
        return { dx, calls: [call(`${label} scale backward`, kernel, shape, { x: dy, y: dx })] };
      },
    };
  },
};
