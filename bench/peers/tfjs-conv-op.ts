/** A convolution's products in TensorFlow.js: `conv2d`, and the two kernels that its gradient runs, channels last. */
import * as tf from '@tensorflow/tfjs-core';
import type { ConvOp } from './conv-op.ts';
import type { PeerKernel } from './peer.ts';

type Tensors = Readonly<Record<'x' | 'w' | 'dy', tf.Tensor4D>>;

function product({ options, shape }: ConvOp, { x, w, dy }: Tensors): () => tf.Tensor {
  const { stride, padding } = options;
  if (options.pass === 'forward') return () => tf.conv2d(x, w, stride, padding, 'NHWC', 1, 'floor');
  const attributes = { strides: stride, pad: padding, dataFormat: 'NHWC', dimRoundingMode: 'floor' };
  const engine = tf.engine();
  if (options.pass === 'wgrad') {
    const filterShape = w.shape;
    return () =>
      engine.runKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attributes, filterShape }) as tf.Tensor;
  }
  const inputShape = [shape.B, shape.H, shape.W, shape.C];
  return () =>
    engine.runKernel(tf.Conv2DBackpropInput, { dy, filter: w }, { ...attributes, inputShape }) as tf.Tensor;
}

export function tfjsConvOp(op: ConvOp, activate: () => Promise<void>): PeerKernel {
  const { shape, outputImage } = op;
  const { B, H, W, C, N, SIZE_Y, SIZE_X } = shape;
  const tensors = {
    x: tf.tensor4d(op.x, [B, H, W, C]),
    w: tf.tensor4d(op.w, [SIZE_Y, SIZE_X, C, N]),
    dy: tf.tensor4d(op.dy, [B, outputImage, outputImage, N]),
  };
  const compute = product(op, tensors);
  let result: tf.Tensor | undefined;
  return {
    async run(times) {
      await activate();
      for (let i = 0; i < times; i++) {
        result?.dispose();
        result = compute();
      }
      // One element of the last result: reading all of a large one would be timed too.
      const corner = tf.slice(result!, [0, 0, 0, 0], [1, 1, 1, 1]);
      await corner.data();
      corner.dispose();
    },
    async result() {
      await activate();
      return Float32Array.from(await result!.data());
    },
    async dispose() {
      await activate();
      tf.dispose(tensors);
      result?.dispose();
    },
  };
}
