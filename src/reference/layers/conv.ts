import type { ConvSpec } from '../../nn/layers/conv.ts';
import { imageOf } from '../../nn/layers/layer.ts';
import { biasGrad } from '../bias.ts';
import { convolution, convolutionDgrad, convolutionWgrad } from '../convolution.ts';
import { transpose } from '../numbers.ts';
import { channelsFirst, channelsLast } from './image-order.ts';
import type { ReferenceLayer } from './layer.ts';

/** A convolution with PyTorch's w (filters, channels, rows, columns). */
export const conv: ReferenceLayer<ConvSpec> = {
  kind: 'conv',
  symbols: { weight: 'W', bias: 'b' },
  forward({ M, input, output, spec, tensor }, x) {
    const [from, to] = [imageOf(input), imageOf(output)];
    const { filters, size, stride = 1, padding = 0 } = spec;
    const shape = {
      B: M,
      H: from.height,
      W: from.width,
      C: from.channels,
      N: filters,
      SIZE_Y: size,
      SIZE_X: size,
      STEP_Y: stride,
      STEP_X: stride,
      PAD_Y: padding,
      PAD_X: padding,
    };
    const K = size * size * from.channels;
    const filter = { channels: from.channels, height: size, width: size };
    const last = channelsLast(x, from);
    const w = transpose(channelsLast(tensor('weight'), filter), filters, K);
    const bias = spec.bias === false ? null : tensor('bias');
    return {
      y: channelsFirst(convolution(last, w, bias, shape), to),
      backward(dyFirst) {
        const dy = channelsLast(dyFirst, to);
        const dw = transpose(convolutionWgrad(last, dy, shape), K, filters);
        return {
          dx: channelsFirst(convolutionDgrad(dy, w, shape), from),
          grads: {
            weight: channelsFirst(dw, filter),
            ...(bias && { bias: biasGrad(dy, M * to.height * to.width, filters) }),
          },
        };
      },
    };
  },
};
