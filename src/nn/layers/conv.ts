import type { Tensor } from '../../gpu/tensor.ts';
import { biasGradient } from '../../kernels/bias.ts';
import { call, type KernelCall } from '../../kernels/call.ts';
import { convDgrad, convForward, convWgrad } from '../../kernels/convolution.ts';
import { type ConvShape, productSize, wgradParts, withoutOverlap } from '../../kernels/convolution-shape.ts';
import { biasGradientParts, fewRows, partSum, partsOf } from '../../kernels/parts.ts';
import { whiteningFilterCount } from '../whitening.ts';
import {
  type ImageShape,
  imageOf,
  type LayerContext,
  type LayerKind,
  type ParameterSpec,
  paddedWidth,
  placesAlong,
  vector,
} from './layer.ts';

/** A convolution with square filters, as PyTorch's Conv2d: a cross-correlation. What is absent is PyTorch's default. */
export interface ConvSpec {
  readonly kind: 'conv';
  readonly filters: number;
  /** Rows and columns of a filter. */
  readonly size: number;
  /** Pixels from one place of the filter to the next; 1 unless given. */
  readonly stride?: number;
  /** Pixels of 0 around the image; none unless given. */
  readonly padding?: number;
  /** false: no bias. */
  readonly bias?: boolean;
  /** The bias learns in so many epochs from the start, and stays as it is then; it learns in all unless given. */
  readonly biasEpochs?: number;
  /**
   * How the filters start; at random unless given. `dirac`: the first ones hand on a channel each (PyTorch's `init.dirac_`), the others are random.
   * `whitening`: they decorrelate the patches of the training images (nn/whitening.ts), and stay as they are.
   */
  readonly initial?: 'dirac' | 'whitening';
}

/** w(K, N): rows of the matrix are (row, column, channel), the channels padded; PyTorch's is (filters, channels, rows, columns). */
function filters({ filters: count, size, initial }: ConvSpec, { channels }: ImageShape): ParameterSpec {
  const padded = paddedWidth(channels);
  const taps = size * size;
  const whitens = initial === 'whitening';
  return {
    name: 'weight',
    rows: taps * padded,
    cols: count,
    init: whitens
      ? 'whitening'
      : { fanIn: taps * channels, fanOut: taps * count, dirac: initial === 'dirac' },
    decays: !whitens,
    joined: false,
    ...(whitens && { rateFactor: 0 }),
    torchShape: [count, channels, size, size],
    torchPlace(row, col) {
      const channel = row % padded;
      return channel < channels ? (col * channels + channel) * taps + Math.floor(row / padded) : undefined;
    },
  };
}

const biasOf = ({ filters, biasEpochs }: ConvSpec): ParameterSpec => ({
  ...vector('bias', filters, 0),
  ...(biasEpochs !== undefined && { trainedEpochs: biasEpochs }),
});

const shapeOf = ({ batchSize, input, spec }: LayerContext<ConvSpec>): ConvShape => {
  const { channels, height, width } = imageOf(input);
  const { size, stride = 1, padding = 0 } = spec;
  return withoutOverlap({
    B: batchSize,
    H: height,
    W: width,
    C: paddedWidth(channels),
    N: paddedWidth(spec.filters),
    SIZE_Y: size,
    SIZE_X: size,
    STEP_Y: stride,
    STEP_X: stride,
    PAD_Y: padding,
    PAD_X: padding,
  });
};

export const conv: LayerKind<ConvSpec> = {
  kind: 'conv',
  stem: 'conv',
  outputShape({ filters: channels, size, stride = 1, padding = 0, initial, biasEpochs }, input) {
    const { height, width, channels: given } = imageOf(input);
    if (initial === 'whitening' && channels !== whiteningFilterCount(given, size)) {
      throw new RangeError(
        `${channels} whitening filters of ${size} x ${size} x ${given}: there are ${whiteningFilterCount(given, size)}`,
      );
    }
    if (biasEpochs !== undefined && !(biasEpochs > 0)) throw new RangeError(`a bias of ${biasEpochs} epochs`);
    if (!Number.isInteger(channels) || channels < 1) throw new RangeError(`${channels} filters`);
    const window = { size, stride, padding };
    return { channels, height: placesAlong(height, window), width: placesAlong(width, window) };
  },
  parameters: (spec, input) => [
    filters(spec, imageOf(input)),
    ...(spec.bias === false ? [] : [biasOf(spec)]),
  ],
  forward(layer, x) {
    const { label, spec } = layer;
    const shape = shapeOf(layer);
    const { M, N, K } = productSize(shape);
    const hasBias = spec.bias !== false;
    const w = layer.parameter('weight');
    const bias = hasBias ? layer.parameter('bias') : w;
    const y = layer.tensor('convolution', M * N);
    return {
      y,
      calls: [call(`${label} forward`, convForward, { ...shape, BIAS: hasBias ? 1 : 0 }, { x, w, bias, y })],
      backward(dy, wantDx) {
        const calls: KernelCall[] = [];
        if (spec.initial !== 'whitening') {
          const dw = layer.gradient('weight');
          const PARTS = wgradParts(shape);
          const partial = PARTS === 1 ? dw : layer.tensor('wgrad parts', PARTS * K * N);
          calls.push(call(`${label} wgrad`, convWgrad, { ...shape, PARTS }, { x, dy, partial }));
          if (PARTS > 1) {
            calls.push(call(`${label} wgrad sum`, partSum, { COUNT: K * N, PARTS }, { partial, sum: dw }));
          }
        }
        if (hasBias) calls.push(...biasCalls(layer, { M, N }, dy));
        if (!wantDx) return { calls };
        const { B, H, W, C } = shape;
        const dx = layer.tensor('dx', B * H * W * C);
        return { dx, calls: [...calls, call(`${label} dgrad`, convDgrad, shape, { dy, w, dx })] };
      },
    };
  },
};

/** db = column sums of dy(M, N). */
function biasCalls(
  layer: LayerContext<ConvSpec>,
  size: { readonly M: number; readonly N: number },
  dy: Tensor,
): readonly KernelCall[] {
  const { label } = layer;
  const db = layer.gradient('bias');
  if (size.M <= fewRows) return [call(`${label} bias gradient`, biasGradient, size, { dy, db })];
  const PARTS = partsOf(size.M);
  const partial = layer.tensor('bias gradient parts', PARTS * size.N);
  return [
    call(`${label} bias gradient`, biasGradientParts, { ...size, PARTS }, { dy, partial }),
    call(`${label} bias gradient sum`, partSum, { COUNT: size.N, PARTS }, { partial, sum: db }),
  ];
}
