// The adapter's own speed, measured by a few kernels each, of which the best counts: adapters differ in what they like.
import type { Gpu } from '../../src/gpu/device.ts';
import type { Access, PipelineCache } from '../../src/gpu/pipelines.ts';
import { specialize } from '../../src/gpu/specialize.ts';
import { type Allocator, bindingOf, type Tensor } from '../../src/gpu/tensor.ts';
import { copyGroup, emptyGroup, fmaGroup } from '../roofline.ts';
import type { Group, Work } from '../schema.ts';
import { dispatchWork } from './kernel-rows.ts';
import chainSource from './peaks/chain.wgsl?raw';
import copySource from './peaks/copy.wgsl?raw';
import emptySource from './peaks/empty.wgsl?raw';
import fmaSource from './peaks/fma.wgsl?raw';
import type { ReadyRow } from './timed-group.ts';

/** A kernel of the harness itself. */
interface PeakKernel {
  readonly name: string;
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly workgroups: number;
  readonly work: Work;
}

export type PeakGroup = Pick<Group, 'id' | 'op' | 'title' | 'usedBy' | 'skipped'> & {
  readonly suite: 'peaks';
  readonly kernels: readonly PeakKernel[];
  /** Elements of 4 bytes of binding 0, if it is read, and of the binding that is written. */
  readonly elements: { readonly read: number | undefined; readonly written: number };
};

const invocations = 64;

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
  };
}

function chain(chains: number, workgroups: number): PeakKernel {
  const iterations = 64;
  const flops = workgroups * invocations * iterations * 8 * 2 * chains;
  return {
    name: `chain-${chains}`,
    source: chainSource,
    constants: { CHAINS: chains, ITERATIONS: iterations },
    workgroups,
    work: { flops, bytes: 16 * workgroups * invocations },
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
  };
  const arithmetic = [
    fma(8, 2, workgroups),
    fma(4, 4, workgroups),
    fma(4, 2, workgroups),
    chain(8, workgroups),
    chain(16, workgroups),
  ];
  return [
    group(emptyGroup, 'empty', [empty], undefined, 4),
    group(fmaGroup, 'fma', arithmetic, 4 * 64, 4 * workgroups * invocations),
    ...copiedBytes.map((bytes) => {
      const kernels = [copy(bytes, 1, false), copy(bytes, 8, false), copy(bytes, 8, true)];
      return group(copyGroup(2 * bytes), 'copy', kernels, bytes / 4, bytes / 4);
    }),
  ];
}

/** Compiles and binds the kernels of a group. */
export async function peakRows(
  gpu: Gpu,
  pipelines: PipelineCache,
  allocator: Allocator,
  { id, kernels, elements }: PeakGroup,
): Promise<ReadyRow[]> {
  const tensors: Tensor[] = [];
  if (elements.read !== undefined) {
    const read = allocator.tensor(`${id} read`, elements.read);
    gpu.device.queue.writeBuffer(read.buffer, 0, new Float32Array(elements.read).fill(0.25));
    tensors.push(read);
  }
  tensors.push(allocator.tensor(`${id} written`, elements.written));
  const accesses: Access[] = tensors.map((_, i) => (i === tensors.length - 1 ? 'read_write' : 'read'));
  return Promise.all(
    kernels.map(async ({ name, source, constants, workgroups, work }) => {
      const label = `${id} ${name}`;
      const code = specialize(source, { constants });
      const pipeline = await pipelines.pipeline({ label, code, bindings: accesses });
      const bindGroup = gpu.device.createBindGroup({
        label,
        layout: pipelines.layout(accesses),
        entries: tensors.map((tensor, binding) => ({ binding, resource: bindingOf(tensor) })),
      });
      const dispatch = { label, op: id, variant: name, shape: {}, pipeline, bindGroup };
      return {
        name,
        isDefault: false,
        validation: { ok: true, how: 'not needed' },
        work,
        dispatches: 1,
        timed: dispatchWork({ ...dispatch, workgroups: gridOf(workgroups) }),
      };
    }),
  );
}

/** WebGPU allows 65,535 workgroups per dimension; ids are linear in x only, so this is the most. */
function gridOf(workgroups: number): [number, number, number] {
  if (workgroups > 65_535) throw new Error(`${workgroups} workgroups do not fit into one dimension`);
  return [workgroups, 1, 1];
}
