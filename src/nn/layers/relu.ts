import { call } from '../../kernels/call.ts';
import { reluBackward, reluForward } from '../../kernels/relu.ts';
import { type LayerKind, storedSize } from './layer.ts';

/** y = max(x, 0). Beside batch norm it is computed in the same pass (fuse.ts). */
export interface ReluSpec {
  readonly kind: 'relu';
}

export const relu: LayerKind<ReluSpec> = {
  kind: 'relu',
  stem: 'relu',
  outputShape: (_, input) => input,
  parameters: () => [],
  forward(layer, x) {
    const { label } = layer;
    const COUNT = layer.batchSize * storedSize(layer.input);
    const y = layer.tensor('relu', COUNT);
    return {
      y,
      calls: [call(`${label} relu`, reluForward, { COUNT }, { x, y })],
      backward(dy, wantDx) {
        if (!wantDx) return { calls: [] };
        const dx = layer.tensor('relu dx', COUNT);
        return { dx, calls: [call(`${label} relu backward`, reluBackward, { COUNT }, { dy, x, dx })] };
      },
    };
  },
};
