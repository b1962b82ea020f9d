import { call } from '../../kernels/call.ts';
import { maxPoolBackward, maxPoolForward } from '../../kernels/pooling.ts';
import { imageOf, type LayerContext, type LayerKind, paddedWidth, placesAlong, storedSize } from './layer.ts';

/** The largest pixel of each window, channel by channel, as PyTorch's MaxPool2d: windows lie in the image. */
export interface MaxPoolSpec {
  readonly kind: 'max-pool';
  /** Rows and columns of a window. */
  readonly size: number;
  /** Pixels from one window to the next; `size` unless given. */
  readonly stride?: number;
}

const shapeOf = ({ batchSize, input, spec }: LayerContext<MaxPoolSpec>) => {
  const { channels, height, width } = imageOf(input);
  const { size, stride = size } = spec;
  return { B: batchSize, H: height, W: width, C: paddedWidth(channels), SIZE: size, STEP: stride };
};

export const maxPool: LayerKind<MaxPoolSpec> = {
  kind: 'max-pool',
  stem: 'pool',
  outputShape({ size, stride = size }, input) {
    const { channels, height, width } = imageOf(input);
    const window = { size, stride, padding: 0 };
    return { channels, height: placesAlong(height, window), width: placesAlong(width, window) };
  },
  parameters: () => [],
  forward(layer, x) {
    const { label, batchSize, input, output } = layer;
    const shape = shapeOf(layer);
    const count = batchSize * storedSize(output);
    const y = layer.tensor('max-pool', count);
    const largest = layer.tensor('largest pixels', count);
    return {
      y,
      calls: [call(`${label} max-pool`, maxPoolForward, shape, { x, y, largest })],
      backward(dy, wantDx) {
        if (!wantDx) return { calls: [] };
        const dx = layer.tensor('max-pool dx', batchSize * storedSize(input));
        return {
          dx,
          calls: [call(`${label} max-pool backward`, maxPoolBackward, shape, { dy, largest, dx })],
        };
      },
    };
  },
};
