// The adapter's own speed, measured by a few kernels each, of which the best counts: adapters differ in what they like.

import type { GpuWork } from '../gpu/clock.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Access } from '../gpu/pipelines.ts';
import { specialize } from '../gpu/specialize.ts';
import { Allocator, bindingOf, type Tensor } from '../gpu/tensor.ts';
import { dispatchWork } from '../kernels/dispatch-work.ts';
import { readTensors } from '../train/stats.ts';
import chainSource from './peaks/chain.wgsl?raw';
import copySource from './peaks/copy.wgsl?raw';
import emptySource from './peaks/empty.wgsl?raw';
import fmaSource from './peaks/fma.wgsl?raw';
import { copyGroup, emptyGroup, fmaGroup } from './roofline.ts';
import type { Group, Validation, Work } from './schema.ts';
import type { ReadyRow } from './timed-group.ts';

/** A kernel of the harness itself. */
interface PeakKernel {
  readonly name: string;
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly workgroups: number;
  readonly work: Work;
  /** What each component of element `index` of the result must be. */
  expected(index: number): number;
}

export type PeakGroup = Pick<Group, 'id' | 'op' | 'title' | 'usedBy' | 'skipped'> & {
  readonly suite: 'peaks';
  readonly kernels: readonly PeakKernel[];
  /** Elements of 4 bytes of binding 0, if it is read, and of the binding that is written. */
  readonly elements: { readonly read: number | undefined; readonly written: number };
};

const invocations = 64;
const controlKernel = 'chain-2x16';
/** Every element of what the kernels read. */
const inputValue = 0.25;

function fma(rows: number, cols: number, workgroups: number): PeakKernel {
  const iterations = 64;
  // Per iteration and invocation: 4 multiply-adds on each vec4 accumulator, one on each vec4 of a; 8 flops each.
  const flops = workgroups * invocations * iterations * 8 * (4 * rows * cols + rows);
  return {
    name: `tile-${rows}x${cols}`,
    source: fmaSource,
    constants: {
      ROWS: rows,
      COLS: cols,
      FACTORS: 4 * cols,
      ACCUMULATORS: rows * cols,
      ITERATIONS: iterations,
    },
    workgroups,
    work: { flops, bytes: 16 * workgroups * invocations },
    expected(index) {
      let a = inputValue + (index % 64);
      let sum = 0;
      for (let i = 0; i < iterations; i++) {
        a = a * 0.5 + inputValue;
        sum += 4 * inputValue * a;
      }
      return rows * cols * sum;
    },
  };
}

function chain(chains: number, depth: number, workgroups: number): PeakKernel {
  const iterations = 64;
  const flops = workgroups * invocations * iterations * 8 * depth * chains;
  return {
    name: `chain-${chains}x${depth}`,
    source: chainSource,
    constants: { CHAINS: chains, DEPTH: depth, ITERATIONS: iterations },
    workgroups,
    work: { flops, bytes: 16 * workgroups * invocations },
    expected: (index) => chains * (inputValue + (index % 64) + iterations * depth * 2 ** -10),
  };
}

/** Copies `bytes` from one buffer to another of that size. */
function copy(bytes: number, vecs: number, isStrided: boolean): PeakKernel {
  const copiers = bytes / 16 / vecs;
  return {
    name: vecs === 1 ? 'vec4' : `vec4-${vecs}${isStrided ? '-strided' : ''}`,
    source: copySource,
    constants: { VECS: vecs, STRIDE: isStrided ? copiers : 1, FIRST: isStrided ? 1 : vecs },
    workgroups: copiers / invocations,
    work: { flops: 0, bytes: 2 * bytes },
    expected: () => inputValue,
  };
}

/** One buffer of each copy: far more than caches hold, and what a small net's tensors take. */
const copiedBytes = [32 * 2 ** 20, 128 * 2 ** 10];

export function peakGroups({ capabilities }: Gpu): PeakGroup[] {
  // Enough workgroups to fill a large GPU; on a few CPU cores they would only take longer.
  const workgroups = capabilities.software ? 16 : 4096;
  const group = (
    id: string,
    op: string,
    kernels: PeakKernel[],
    read: number | undefined,
    written: number,
  ) => ({
    suite: 'peaks' as const,
    id,
    op,
    title: id,
    usedBy: [],
    skipped: [],
    kernels,
    elements: { read, written },
  });
  const empty = {
    name: 'empty',
    source: emptySource,
    constants: {},
    workgroups: 1,
    work: { flops: 0, bytes: 4 },
    expected: () => 0,
  };
  const arithmetic = [
    fma(8, 2, workgroups),
    fma(4, 2, workgroups),
    chain(8, 2, workgroups),
    chain(4, 4, workgroups),
    chain(3, 16, workgroups),
    chain(2, 16, workgroups),
  ];
  return [
    group(emptyGroup, 'empty', [empty], undefined, 4),
    group(fmaGroup, 'fma', arithmetic, 4 * 64, 4 * workgroups * invocations),
    ...copiedBytes.map((bytes) => {
      const kernels = [
        copy(bytes, 1, false),
        copy(bytes, 8, false),
        copy(bytes, 32, false),
        copy(bytes, 8, true),
      ];
      return group(copyGroup(2 * bytes), 'copy', kernels, bytes / 4, bytes / 4);
    }),
  ];
}

/** The work that every group is timed beside: arithmetic on all cores, less than a millisecond. Its buffers stay. */
export async function controlWork(gpu: Gpu): Promise<GpuWork> {
  const group = peakGroups(gpu).find(({ id }) => id === fmaGroup)!;
  const kernels = group.kernels.filter(({ name }) => name === controlKernel);
  const [row] = await peakRows(gpu, new Allocator(gpu), { ...group, kernels });
  return row!.timed as GpuWork;
}

/** Compiles and binds the kernels of a group. */
export async function peakRows(
  gpu: Gpu,
  allocator: Allocator,
  { id, kernels, elements }: PeakGroup,
): Promise<ReadyRow[]> {
  const tensors: Tensor[] = [];
  if (elements.read !== undefined) {
    const read = allocator.tensor(`${id} read`, elements.read);
    gpu.device.queue.writeBuffer(read.buffer, 0, new Float32Array(elements.read).fill(inputValue));
    tensors.push(read);
  }
  tensors.push(allocator.tensor(`${id} written`, elements.written));
  const accesses: Access[] = tensors.map((_, i) => (i === tensors.length - 1 ? 'read_write' : 'read'));
  const result = tensors.at(-1)!;
  const rows: ReadyRow[] = [];
  for (const { name, source, constants, workgroups, work, expected } of kernels) {
    const label = `${id} ${name}`;
    const code = specialize(source, { constants });
    const pipeline = await gpu.pipelines.pipeline({ label, code, bindings: accesses });
    const bindGroup = gpu.device.createBindGroup({
      label,
      layout: gpu.pipelines.layout(accesses),
      entries: tensors.map((tensor, binding) => ({ binding, resource: bindingOf(tensor) })),
    });
    const dispatch = { label, op: id, variant: name, shape: {}, replicas: 1, pipeline, bindGroup };
    const timed = dispatchWork({ ...dispatch, workgroups: gridOf(workgroups) });
    const validation = await validate(gpu, timed, result, expected);
    rows.push({ name, isDefault: false, validation, work, dispatches: 1, timed });
  }
  return rows;
}

/** Has a kernel done all that it is timed for? A compiler that leaves work out would make a peak that nothing can reach. */
async function validate(
  gpu: Gpu,
  work: GpuWork,
  result: Tensor,
  expected: (index: number) => number,
): Promise<Validation> {
  const encoder = gpu.device.createCommandEncoder({ label: 'peak check' });
  encoder.clearBuffer(result.buffer);
  work.encode(encoder, 1, undefined);
  gpu.device.queue.submit([encoder.finish()]);
  const [bytes] = await readTensors(gpu, [result]);
  const values = new Float32Array(bytes!);
  const wrong = values.findIndex((value, i) => {
    const truth = expected(Math.floor(i / 4));
    return !(Math.abs(value - truth) <= 1e-4 * Math.abs(truth));
  });
  if (wrong < 0) return { ok: true, how: 'the known result' };
  return { ok: false, how: `element ${wrong} is ${values[wrong]}, not ${expected(Math.floor(wrong / 4))}` };
}

/** WebGPU allows 65,535 workgroups per dimension; ids are linear in x only, so this is the most. */
function gridOf(workgroups: number): [number, number, number] {
  if (workgroups > 65_535) throw new Error(`${workgroups} workgroups do not fit into one dimension`);
  return [workgroups, 1, 1];
}
