import { call } from '../../kernels/call.ts';
import { averagePoolBackward, averagePoolForward } from '../../kernels/pooling.ts';
import { imageOf, type LayerContext, type LayerKind, paddedWidth } from './layer.ts';

/** The mean of all pixels, channel by channel: one pixel is left. PyTorch's AdaptiveAvgPool2d(1). */
export interface AveragePoolSpec {
  readonly kind: 'average-pool';
}

const shapeOf = ({ batchSize, input }: LayerContext<AveragePoolSpec>) => {
  const { channels, height, width } = imageOf(input);
  return { B: batchSize, PIXELS: height * width, C: paddedWidth(channels) };
};

export const averagePool: LayerKind<AveragePoolSpec> = {
  kind: 'average-pool',
  stem: 'pool',
  outputShape: (_, input) => ({ channels: imageOf(input).channels, height: 1, width: 1 }),
  parameters: () => [],
  forward(layer, x) {
    const { label } = layer;
    const shape = shapeOf(layer);
    const { B, PIXELS, C } = shape;
    const y = layer.tensor('average-pool', B * C);
    return {
      y,
      calls: [call(`${label} average-pool`, averagePoolForward, shape, { x, y })],
      backward(dy, wantDx) {
        if (!wantDx) return { calls: [] };
        const dx = layer.tensor('average-pool dx', B * PIXELS * C);
        return {
          dx,
          calls: [call(`${label} average-pool backward`, averagePoolBackward, shape, { dy, dx })],
        };
      },
    };
  },
};
