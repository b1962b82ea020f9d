import { imageOf } from '../../nn/layers/layer.ts';
import type { MaxPoolSpec } from '../../nn/layers/max-pool.ts';
import { maxPoolBackward, maxPool as maxPoolForward } from '../pooling.ts';
import { channelsFirst, channelsLast } from './image-order.ts';
import type { ReferenceLayer } from './layer.ts';

export const maxPool: ReferenceLayer<MaxPoolSpec> = {
  kind: 'max-pool',
  symbols: {},
  forward({ M, input, output, spec }, x) {
    const [from, to] = [imageOf(input), imageOf(output)];
    const { size, stride = size } = spec;
    const shape = { B: M, H: from.height, W: from.width, C: from.channels, SIZE: size, STEP: stride };
    const { y, largest } = maxPoolForward(channelsLast(x, from), shape);
    return {
      y: channelsFirst(y, to),
      pattern: Array.from(largest),
      backward: (dy) => ({
        dx: channelsFirst(maxPoolBackward(channelsLast(dy, to), largest, shape), from),
        grads: {},
      }),
    };
  },
};
