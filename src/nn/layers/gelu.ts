import { call } from '../../kernels/call.ts';
import { geluBackward, geluForward } from '../../kernels/gelu.ts';
import { type LayerKind, storedSize } from './layer.ts';

/** y = x·Phi(x), exact, as PyTorch's GELU. Behind the batch norm of a convolution it is computed in the same pass (fuse.ts). */
export interface GeluSpec {
  readonly kind: 'gelu';
}

export const gelu: LayerKind<GeluSpec> = {
  kind: 'gelu',
  stem: 'gelu',
  outputShape: (_, input) => input,
  parameters: () => [],
  forward(layer, x) {
    const { label } = layer;
    const COUNT = layer.batchSize * storedSize(layer.input);
    const y = layer.tensor('gelu', COUNT);
    return {
      y,
      calls: [call(`${label} gelu`, geluForward, { COUNT }, { x, y })],
      backward(dy, wantDx) {
        if (!wantDx) return { calls: [] };
        const dx = layer.tensor('gelu dx', COUNT);
        return { dx, calls: [call(`${label} gelu backward`, geluBackward, { COUNT }, { dy, x, dx })] };
      },
    };
  },
};
