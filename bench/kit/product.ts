import type { Allocator } from '../../src/gpu/tensor.ts';
import { call, type KernelCall } from '../../src/kernels/call.ts';
import { matmulForward } from '../../src/kernels/matmul.ts';

/** The shape of a product of two squares. */
export const square = (size: number) => ({ M: size, N: size, K: size });

/** A product of two squares. */
export function product(allocator: Allocator, size: number): KernelCall {
  const [x, w, y] = ['x', 'w', 'y'].map((name) => allocator.tensor(name, size * size));
  const tensors = { x: x!, w: w!, y: y!, bias: allocator.tensor('bias', size) };
  return call('product', matmulForward, square(size), tensors);
}
