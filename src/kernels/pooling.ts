// Pooling over NHWC activations: the largest pixel of windows, the mean of a whole image.
import {
  defineKernel,
  onTheirOwn,
  read,
  readWrite,
  type Shape,
  type Variant,
  wantsMultiplesOf4,
} from './kernel.ts';
import { shader } from './shader.ts';

/** Windows of SIZE×SIZE pixels, STEP apart, that lie in the image; pixels behind the last window are left out, as in PyTorch. */
export type MaxPoolShape = {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly SIZE: number;
  readonly STEP: number;
};

/** B images of PIXELS pixels. */
export type AveragePoolShape = { readonly B: number; readonly PIXELS: number; readonly C: number };

/** Rows P and columns Q of windows. */
export const pooledSize = ({ H, W, SIZE, STEP }: MaxPoolShape) => ({
  P: Math.floor((H - SIZE) / STEP) + 1,
  Q: Math.floor((W - SIZE) / STEP) + 1,
});

const outputs = (shape: MaxPoolShape): number => {
  const { P, Q } = pooledSize(shape);
  return shape.B * P * Q * shape.C;
};
const inputs = ({ B, H, W, C }: MaxPoolShape): number => B * H * W * C;

/** An invocation for four channels of each of `elements`. */
const fourChannels = <S extends Shape>(
  source: string,
  elements: (shape: S) => number,
  constants: Variant<S>['constants'] = (shape) => shape,
) => onTheirOwn<S>({ source, refuses: wantsMultiplesOf4('C'), constants }, (shape) => elements(shape) / 4);

const sizes = (shape: MaxPoolShape) => ({ ...shape, ...pooledSize(shape) });

export const maxPoolForward = defineKernel({
  op: 'max-pool-forward',
  bindings: [read('x'), readWrite('y'), readWrite('largest')],
  cost: (shape: MaxPoolShape) => ({
    flops: outputs(shape) * shape.SIZE ** 2,
    bytes: 4 * (inputs(shape) + 2 * outputs(shape)),
  }),
  ...fourChannels(shader('max-pool-forward/naive'), outputs, sizes),
});

export const maxPoolBackward = defineKernel({
  op: 'max-pool-backward',
  bindings: [read('dy'), read('largest'), readWrite('dx')],
  cost: (shape: MaxPoolShape) => ({ flops: inputs(shape), bytes: 4 * (inputs(shape) + 2 * outputs(shape)) }),
  ...fourChannels(shader('max-pool-backward/naive'), inputs, sizes),
});

export const averagePoolForward = defineKernel({
  op: 'average-pool-forward',
  bindings: [read('x'), readWrite('y')],
  cost: ({ B, PIXELS, C }: AveragePoolShape) => ({ flops: B * PIXELS * C, bytes: 4 * B * C * (PIXELS + 1) }),
  ...fourChannels(shader('average-pool-forward/naive'), ({ B, C }: AveragePoolShape) => B * C),
});

export const averagePoolBackward = defineKernel({
  op: 'average-pool-backward',
  bindings: [read('dy'), readWrite('dx')],
  cost: ({ B, PIXELS, C }: AveragePoolShape) => ({ flops: B * PIXELS * C, bytes: 4 * B * C * (PIXELS + 1) }),
  ...fourChannels(
    shader('average-pool-backward/naive'),
    ({ B, PIXELS, C }: AveragePoolShape) => B * PIXELS * C,
  ),
});
