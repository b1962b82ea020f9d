// What a dispatch costs beside its arithmetic: known on no adapter but by measuring.
import { clockFor } from '../../src/gpu/clock.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { Allocator } from '../../src/gpu/tensor.ts';
import { prepare } from '../../src/kernels/call.ts';
import { dispatchWork } from '../../src/kernels/dispatch-work.ts';
import { defaultChoice } from '../../src/kernels/variant-choice.ts';
import { median } from '../../src/measure/statistics.ts';
import { product } from './product.ts';

export interface DispatchCosts {
  /** Of an empty dispatch that must wait for the one before, on the GPU, us. */
  readonly dependentUs: number;
  /** Of recording a dispatch, on the CPU, us. */
  readonly encodeUs: number;
  /** From the encoding of one dispatch until this process knows that it is done, us: Dawn's events are looked at once a millisecond (hosts/node/event-pace.ts). */
  readonly submitUs: number;
}

const chain = `@group(0) @binding(0) var<storage, read_write> counter: array<u32>;
@compute @workgroup_size(1)
fn main() {
  counter[0] += 1u;
}`;

/** So many that what a submit costs, and the millisecond by which its end is known, do not count. */
const dispatches = 20_000;
const rounds = 9;

/** Dispatches that count in one buffer: each waits for the one before. */
export async function dispatchCosts(gpu: Gpu): Promise<DispatchCosts> {
  const { device } = gpu;
  const allocator = new Allocator(gpu);
  const label = 'counting';
  const pipeline = await gpu.pipelines.pipeline({ label, code: chain, bindings: ['read_write'] });
  const bindGroup = device.createBindGroup({
    label,
    layout: gpu.pipelines.layout(['read_write']),
    entries: [{ binding: 0, resource: { buffer: allocator.buffer(label, 16) } }],
  });
  const work = dispatchWork({
    label,
    op: label,
    variant: '',
    shape: {},
    replicas: 1,
    pipeline,
    bindGroup,
    workgroups: [1, 1, 1],
  });
  const encodeUs: number[] = [];
  const submitUs: number[] = [];
  const run = async (repeats: number): Promise<{ encoded: number; done: number }> => {
    const startedAt = performance.now();
    const encoder = device.createCommandEncoder({ label });
    work.encode(encoder, repeats, undefined);
    const commands = encoder.finish();
    const encoded = performance.now() - startedAt;
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    gpu.check();
    return { encoded, done: performance.now() - startedAt };
  };
  const dependentUs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const one = await run(1);
    const many = await run(dispatches);
    submitUs.push(1000 * one.done);
    encodeUs.push((1000 * (many.encoded - one.encoded)) / (dispatches - 1));
    const elapsed = many.done - many.encoded - (one.done - one.encoded);
    dependentUs.push((1000 * elapsed) / (dispatches - 1));
  }
  allocator.destroy();
  return { dependentUs: median(dependentUs), encodeUs: median(encodeUs), submitUs: median(submitUs) };
}

/** A GPU that rests runs at a fifth of its clock (an H200 at 345 MHz of 1980): gives it work until it does not. */
const warmUpMs = 1500;

/** Keeps the GPU busy for a while, so that what is measured next finds its clocks up. */
export async function warmUp(gpu: Gpu): Promise<void> {
  const end = performance.now() + warmUpMs;
  const size = gpu.capabilities.software ? 64 : 1024;
  const allocator = new Allocator(gpu);
  const dispatch = await prepare(gpu, defaultChoice, product(allocator, size));
  const clock = clockFor(gpu, [dispatchWork(dispatch)], false);
  try {
    while (performance.now() < end) await clock.run([{ row: 0, repeats: 8 }]);
  } finally {
    clock.destroy();
    allocator.destroy();
  }
}
