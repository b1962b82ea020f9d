/**
 * A convolution's products in jax-js, channels first as PyTorch has them: `lax.convGeneralDilated`, and its gradients by `grad` under
 * `jit`, which leaves the forward product out, since nothing takes it.
 */
import { grad, jit, lax, numpy as np } from '@jax-js/jax';
import { channelsFirst, channelsLast } from '../../src/reference/layers/image-order.ts';
import type { ConvOp, ConvPass } from './conv-op.ts';
import type { JaxDevice } from './jax.ts';
import { jaxKernel } from './jax-kernel.ts';
import type { Waiting } from './jax-wait.ts';
import type { PeerKernel } from './peer.ts';
import { transposed } from './work.ts';

function jitted({ options }: ConvOp) {
  const { stride, padding } = options;
  const around: [number, number] = [padding, padding];
  const conv = (x: np.Array, w: np.Array) => lax.convGeneralDilated(x, w, [stride, stride], [around, around]);
  const passes: Record<ConvPass, (x: np.Array, w: np.Array, dy: np.Array) => np.Array> = {
    forward(x, w, dy) {
      dy.dispose();
      return conv(x, w);
    },
    wgrad: (x, w, dy) => grad((filters: np.Array) => np.sum(conv(x, filters).mul(dy)))(w) as np.Array,
    dgrad: (x, w, dy) => grad((images: np.Array) => np.sum(conv(images, w).mul(dy)))(x) as np.Array,
  };
  return jit(passes[options.pass]);
}

export function jaxConvOp(op: ConvOp, device: JaxDevice, waiting: Waiting): PeerKernel {
  const { options, shape, outputImage } = op;
  const { B, C, N } = shape;
  const { image, size } = options;
  const inputs = { channels: C, height: image, width: image };
  const outputs = { channels: N, height: outputImage, width: outputImage };
  const taps = { channels: C, height: size, width: size };
  const first = (values: Float32Array, { channels, height, width }: typeof inputs, count: number) =>
    np.array(Float32Array.from(channelsFirst(values, { channels, height, width })), {
      shape: [count, channels, height, width],
      device,
    });
  const x = first(op.x, inputs, B);
  const dy = first(op.dy, outputs, B);
  // (rows, columns, channels, filters) with the filters in front, then each with its channels first.
  const w = first(transposed(op.w, size * size * C, N), taps, N);
  return jaxKernel({
    compute: jitted(op),
    operands: [x, w, dy] as const,
    waiting,
    inOrder(values) {
      if (options.pass === 'forward') return Float32Array.from(channelsLast(values, outputs));
      if (options.pass === 'dgrad') return Float32Array.from(channelsLast(values, inputs));
      return transposed(Float32Array.from(channelsLast(values, taps)), N, size * size * C);
    },
  });
}
