/** Ours: products on their own, with the default variant, the forms that layers use. */
import { Allocator, slice, type Tensor } from '../../src/gpu/tensor.ts';
import { call, type KernelCall } from '../../src/kernels/call.ts';
import { convDgrad, convForward, convWgrad } from '../../src/kernels/convolution.ts';
import { wgradParts, withoutOverlap } from '../../src/kernels/convolution-shape.ts';
import { matmulForward } from '../../src/kernels/matmul.ts';
import { partSum } from '../../src/kernels/parts.ts';
import { defaultChoice } from '../../src/kernels/variant-choice.ts';
import { paddedWidth } from '../../src/nn/layers/layer.ts';
import { padRows, unpadRows } from '../../src/reference/padded-rows.ts';
import { Pacer } from '../../src/train/pacer.ts';
import { compilePlan } from '../../src/train/plan.ts';
import { readTensors } from '../../src/train/stats.ts';
import type { ConvOp } from './conv-op.ts';
import type { PeerKernel } from './peer.ts';
import { wgradGpu } from './wgrad-device.ts';

/** What a kernel's calls compute, and from what. */
interface Recorded {
  readonly calls: readonly KernelCall[];
  readonly operands: readonly (readonly [Tensor, Float32Array<ArrayBuffer>])[];
  readonly result: Tensor;
}

async function replayed(label: string, record: (allocator: Allocator) => Recorded): Promise<PeerKernel> {
  const gpu = await wgradGpu();
  const allocator = new Allocator(gpu);
  const { calls, operands, result } = record(allocator);
  for (const [tensor, values] of operands) gpu.device.queue.writeBuffer(tensor.buffer, 0, values);
  const plan = await compilePlan({ label, gpu, choose: defaultChoice }, calls);
  const pacer = new Pacer(gpu);
  const corner = slice(result, 'corner', 0, 1);
  return {
    async run(times) {
      for (let left = times; left > 0; ) left -= await pacer.submit(plan, left);
      await pacer.drain();
      await readTensors(gpu, [corner]);
    },
    async result() {
      const [bytes] = await readTensors(gpu, [result]);
      return new Float32Array(bytes!);
    },
    async dispose() {
      allocator.destroy();
    },
  };
}

/** c = a · b with a bias of zeros, the form a linear layer uses. */
export async function wgradMatmul(
  aValues: Float32Array,
  bValues: Float32Array,
  M: number,
  N: number,
  K: number,
): Promise<PeerKernel> {
  const [ldN, ldK] = [paddedWidth(N), paddedWidth(K)];
  const kernel = await replayed('bench: matmul', (allocator) => {
    const x = allocator.tensor('a', M * ldK);
    const w = allocator.tensor('b', ldK * ldN);
    const bias = allocator.tensor('zeros', ldN);
    const y = allocator.tensor('c', M * ldN);
    return {
      calls: [call('product', matmulForward, { M, N: ldN, K: ldK }, { x, w, bias, y })],
      operands: [
        [x, padRows(aValues, K, ldK)],
        [w, padRows(bValues, N, ldN)],
      ],
      result: y,
    };
  });
  return { ...kernel, result: async () => unpadRows(await kernel.result(), N, ldN) };
}

/** One product of a convolution; channels and filters in multiples of 4. */
export function wgradConvOp(op: ConvOp): Promise<PeerKernel> {
  const shape = withoutOverlap(op.shape);
  return replayed(`bench: convolution ${op.options.pass}`, (allocator) => {
    const x = allocator.tensor('x', op.x.length);
    const w = allocator.tensor('w', op.w.length);
    const dy = allocator.tensor('dy', op.dy.length);
    if (op.options.pass === 'forward') {
      const calls = [call('forward', convForward, { ...shape, BIAS: 0 }, { x, w, bias: w, y: dy })];
      return {
        calls,
        operands: [
          [x, op.x],
          [w, op.w],
        ],
        result: dy,
      };
    }
    if (op.options.pass === 'dgrad') {
      const calls = [call('dgrad', convDgrad, shape, { dy, w, dx: x })];
      return {
        calls,
        operands: [
          [dy, op.dy],
          [w, op.w],
        ],
        result: x,
      };
    }
    const PARTS = wgradParts(shape);
    const partial = PARTS === 1 ? w : allocator.tensor('parts', PARTS * op.w.length);
    const calls: KernelCall[] = [call('wgrad', convWgrad, { ...shape, PARTS }, { x, dy, partial })];
    if (PARTS > 1) calls.push(call('wgrad sum', partSum, { COUNT: op.w.length, PARTS }, { partial, sum: w }));
    return {
      calls,
      operands: [
        [x, op.x],
        [dy, op.dy],
      ],
      result: w,
    };
  });
}
