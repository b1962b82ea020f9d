// Rows of a kernel group: each variant is checked against the float64 reference at the shape that is timed, on the data that it
// is then timed with. All variants share the same buffers, so that none has luckier addresses.
import type { GpuWork } from '../gpu/clock.ts';
import type { Gpu } from '../gpu/device.ts';
import { GpuError } from '../gpu/errors.ts';
import { type Allocator, alignTo, type Tensor } from '../gpu/tensor.ts';
import { call, prepare, shaderText } from '../kernels/call.ts';
import { dispatchWork } from '../kernels/dispatch-work.ts';
import {
  checkCase,
  checkName,
  describeCheck,
  guardedStride,
  makeCase,
  type VariantCheck,
} from '../reference/check.ts';
import type { CheckCase, Elements } from '../reference/checks/case.ts';
import type { KernelGroup } from './kernel-group.ts';
import type { Skipped, Validation } from './schema.ts';
import type { ReadyRow } from './timed-group.ts';

/** A variant whose check takes longer, and very much longer than the fastest one's, is not timed. */
const slowCheck = { quickMs: 1500, fullMs: 6000, factor: 8 } as const;

export interface KernelRows {
  readonly rows: readonly ReadyRow[];
  readonly skipped: readonly Skipped[];
  /** The text that was compiled, by variant, as it was written. */
  readonly sources: Readonly<Record<string, string>>;
}

export interface KernelRowsOptions {
  readonly quick: boolean;
  /** A shader's text as it was written, where what is compiled has no comments. */
  readonly written?: (source: string) => string;
}

/** What a variant that does not compile has to time. */
const nothing: GpuWork = { encode() {} };

/** Compiles each variant and checks it. The buffers come from `allocator`, which the caller destroys. */
export async function kernelRows(
  gpu: Gpu,
  allocator: Allocator,
  group: KernelGroup,
  { quick, written = (source) => source }: KernelRowsOptions,
): Promise<KernelRows> {
  const { kernel, shape, replicas, variants } = group;
  const data = makeCase(kernel.op, shape, replicas, 1);
  const tensors = uploadCase(gpu, allocator, data);
  const { flops, bytes } = kernel.cost(shape);
  const nameOf = ({ name }: { readonly name: string }) => checkName(kernel.op, name, shape, replicas, 1);
  // Compiled side by side: of all that comes before timing, compilers take the longest.
  const prepared = await Promise.allSettled(
    variants.map((variant) =>
      prepare(gpu, () => variant as never, call(nameOf(variant), kernel, shape, tensors)),
    ),
  );
  gpu.check();
  const rows: (ReadyRow & { readonly checkMs: number })[] = [];
  for (const [index, variant] of variants.entries()) {
    const outcome = prepared[index]!;
    const about = {
      name: variant.name,
      isDefault: variant.name === group.defaultVariant,
      work: { flops: flops * replicas, bytes: bytes * replicas },
      dispatches: 1,
    };
    if (outcome.status === 'rejected') {
      // Of a shader that does not compile the whole text: who measures kernels writes them.
      const { message, cause } = outcome.reason as Error;
      const how = cause instanceof Error ? cause.message : message;
      rows.push({ ...about, checkMs: 0, validation: { ok: false, how }, timed: nothing });
      continue;
    }
    const startedAt = performance.now();
    const check = await checkCase(gpu, kernel, variant, shape, nameOf(variant), data);
    rows.push({
      ...about,
      checkMs: performance.now() - startedAt,
      validation: validationOf(check),
      timed: dispatchWork(outcome.value),
    });
  }
  const fastest = Math.min(...rows.filter(({ checkMs }) => checkMs > 0).map(({ checkMs }) => checkMs));
  const limit = Math.max(quick ? slowCheck.quickMs : slowCheck.fullMs, slowCheck.factor * fastest);
  return {
    sources: Object.fromEntries(
      variants.map((variant) => {
        const source = written(variant.source);
        return [variant.name, shaderText(kernel, { ...variant, source }, shape, tensors)];
      }),
    ),
    rows: rows.filter(({ checkMs }) => checkMs <= limit).map(({ checkMs: _, ...row }) => row),
    skipped: rows
      .filter(({ checkMs }) => checkMs > limit)
      .map(({ name, checkMs }) => {
        const seconds = (checkMs / 1000).toFixed(1);
        const reason = `too slow: its check took ${seconds} s, the fastest ${(fastest / 1000).toFixed(2)} s; --variant ${kernel.op}=${name} times it`;
        return { name, reason };
      }),
  };
}

function validationOf(check: VariantCheck): Validation {
  if (!check.ok) return { ok: false, how: describeCheck(check) };
  const ratios = check.outputs.map(({ comparison }) => comparison.worst?.ratio ?? 0);
  const largest = Math.max(0, ...ratios.filter((ratio) => !Number.isNaN(ratio)));
  return { ok: true, how: `float64 reference, largest error ${largest.toFixed(2)} of its bound` };
}

/** Tensors with a case's inputs, as far apart as in the check, which then runs the same pipelines; what is only written is zeros of the expected size. */
function uploadCase(gpu: Gpu, allocator: Allocator, data: CheckCase): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, expected] of Object.entries(data.expected)) {
    tensors[name] = allocator.tensor(name, guardedStride(expected[0]!.values.length), data.replicas);
  }
  for (const [name, arrays] of Object.entries(data.inputs)) {
    tensors[name] ??= allocator.tensor(name, guardedStride(arrays[0]!.length), arrays.length);
    const { buffer, replicaStride } = tensors[name];
    for (const [replica, array] of arrays.entries()) {
      gpu.device.queue.writeBuffer(buffer, replica * replicaStride * 4, paddedTo16Bytes(array));
    }
  }
  if (Object.keys(tensors).length === 0) throw new GpuError('a case without data');
  return tensors;
}

function paddedTo16Bytes(array: Elements): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(alignTo(array.length, 4));
  words.set(new Uint32Array(array.buffer, array.byteOffset, array.length));
  return words;
}
