import { call } from '../../kernels/call.ts';
import { leakyReluBackward, leakyReluForward } from '../../kernels/leaky-relu.ts';
import { type LayerKind, storedSize } from './layer.ts';

/** y = x where x > 0, slope · x elsewhere (Maas et al. 2013), as PyTorch's LeakyReLU. */
export interface LeakyReluSpec {
  readonly kind: 'leaky-relu';
  /** 0.01 unless given. */
  readonly slope?: number;
}

export const leakyRelu: LayerKind<LeakyReluSpec> = {
  kind: 'leaky-relu',
  stem: 'leaky_relu',
  outputShape({ slope = 0.01 }, input) {
    if (!(slope >= 0 && slope <= 1)) throw new RangeError(`a slope of ${slope}`);
    return input;
  },
  parameters: () => [],
  forward(layer, x) {
    const { label, spec } = layer;
    const shape = { COUNT: layer.batchSize * storedSize(layer.input), SLOPE: spec.slope ?? 0.01 };
    const y = layer.tensor('leaky relu', shape.COUNT);
    return {
      y,
      calls: [call(`${label} leaky relu`, leakyReluForward, shape, { x, y })],
      backward(dy, wantDx) {
        if (!wantDx) return { calls: [] };
        const dx = layer.tensor('leaky relu dx', shape.COUNT);
        return { dx, calls: [call(`${label} leaky relu backward`, leakyReluBackward, shape, { dy, x, dx })] };
      },
    };
  },
};
