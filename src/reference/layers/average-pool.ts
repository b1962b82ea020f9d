import type { AveragePoolSpec } from '../../nn/layers/average-pool.ts';
import { imageOf } from '../../nn/layers/layer.ts';
import { averagePoolBackward, averagePool as averagePoolForward } from '../pooling.ts';
import { channelsFirst, channelsLast } from './image-order.ts';
import type { ReferenceLayer } from './layer.ts';

export const averagePool: ReferenceLayer<AveragePoolSpec> = {
  kind: 'average-pool',
  symbols: {},
  forward({ M, input }, x) {
    const image = imageOf(input);
    const shape = { B: M, PIXELS: image.height * image.width, C: image.channels };
    return {
      y: averagePoolForward(channelsLast(x, image), shape),
      backward: (dy) => ({ dx: channelsFirst(averagePoolBackward(dy, shape), image), grads: {} }),
    };
  },
};
