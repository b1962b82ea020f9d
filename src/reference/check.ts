/**
 * check: runs one kernel variant on a GPU and compares every replica of every output with the float64 reference.
 *
 * Each tensor is part of a larger buffer: nothing may be read or written before, between and behind the replicas'
 * arrays. Outputs start as NaN, and what lies around every array is NaN too.
 */
import type { Gpu } from '../gpu/device.ts';
import { withErrorScopes } from '../gpu/errors.ts';
import { Allocator, alignTo, offsetAlignment, type Tensor } from '../gpu/tensor.ts';
import { call, encode, prepare } from '../kernels/call.ts';
import { type Kernel, type Shape, shapeText, type Variant } from '../kernels/kernel.ts';
import { CaseBuilder, type CaseOptions, type CheckCase, type Elements } from './checks/case.ts';
import { checkOf } from './checks/table.ts';
import { type Comparison, compare, describeComparison } from './tolerance.ts';

/** Elements around every array; a multiple of 64, so that an array may start behind them. */
const guard = offsetAlignment;
const guardBits = 0x7fc0dead;
const nanBits = 0x7fc00000;

/** The outcome for one replica of one output. */
export interface OutputCheck {
  readonly binding: string;
  readonly replica: number;
  readonly comparison: Comparison;
  /** What the kernel left there. */
  readonly actual: Elements;
  /** Elements around this replica's array that the kernel changed, counted from the array's start. */
  readonly touched: readonly number[];
}

/** The outcome of a check. */
export interface VariantCheck {
  /** `matmul-forward/quad-5x12 M=17 N=33 K=65 R=2 seed=1` */
  readonly name: string;
  readonly ok: boolean;
  readonly outputs: readonly OutputCheck[];
}

/** The name of a check: it reproduces it. */
export function checkName(op: string, variant: string, shape: Shape, replicas: number, seed: number): string {
  return `${op}/${variant} ${shapeText(shape)} R=${replicas} seed=${seed}`;
}

/** Inputs and expected outputs, a function of the arguments alone. */
export function makeCase(
  op: string,
  shape: Shape,
  replicas: number,
  seed: number,
  options: CaseOptions = {},
): CheckCase {
  const builder = new CaseBuilder(replicas, seed, options);
  checkOf(op).build(builder, shape);
  return builder;
}

/**
 * Checks a variant with random data.
 * @throws GpuError where the variant does not compile or run; a wrong result is no error: see `ok`
 */
export function checkVariant<S extends Shape>(
  gpu: Gpu,
  kernel: Kernel<S>,
  variant: Variant<S>,
  shape: S,
  replicas: number,
  seed: number,
  options: CaseOptions = {},
): Promise<VariantCheck> {
  const name = checkName(kernel.op, variant.name, shape, replicas, seed);
  const data = makeCase(kernel.op, shape, replicas, seed, options);
  return checkCase(gpu, kernel, variant, shape, name, data);
}

/** Checks a variant with given data. */
export async function checkCase<S extends Shape>(
  gpu: Gpu,
  kernel: Kernel<S>,
  variant: Variant<S>,
  shape: S,
  name: string,
  data: CheckCase,
): Promise<VariantCheck> {
  for (const { name: binding, access } of kernel.bindings) {
    if (access === 'read_write' && data.expected[binding]?.length !== data.replicas) {
      throw new Error(
        `${name}: the case must expect something of ${binding} for each of ${data.replicas} replicas`,
      );
    }
  }
  const results = await runCase(gpu, kernel, variant, shape, name, data);
  const outputs = results.flatMap(({ binding, arrays }) =>
    arrays.map(({ values, touched }, replica) => {
      const expected = data.expected[binding]![replica]!;
      const isFree = (index: number) => Number.isNaN(expected.values[index]);
      const actual = Float64Array.from(values, (value, index) => (isFree(index) ? 0 : value));
      const truth = Float64Array.from(expected.values, (value) => (Number.isNaN(value) ? 0 : value));
      const comparison = compare(actual, truth, expected.bound);
      return { binding, replica, comparison, actual: values, touched };
    }),
  );
  const ok = outputs.every(({ comparison, touched }) => comparison.ok && touched.length === 0);
  return { name, ok, outputs };
}

/** What went wrong, a line for each output; the worst element of each where nothing did. */
export function describeCheck({ name, ok, outputs }: VariantCheck): string {
  const failed = outputs.filter(({ comparison, touched }) => !comparison.ok || touched.length > 0);
  const lines = (ok ? outputs : failed).map(({ binding, replica, comparison, touched }) => {
    const guards =
      touched.length > 0 ? `; wrote outside its array, at ${touched.slice(0, 8).join(', ')}` : '';
    return `  ${binding}[replica ${replica}]: ${describeComparison(comparison)}${guards}`;
  });
  return [name, ...lines].join('\n');
}

/** What a kernel left in one `read_write` binding, per replica. */
export interface CaseResult {
  readonly binding: string;
  readonly arrays: readonly { readonly values: Elements; readonly touched: readonly number[] }[];
}

/**
 * Runs a variant once on a case's inputs.
 * @throws GpuError where it does not compile or run
 */
export async function runCase<S extends Shape>(
  gpu: Gpu,
  kernel: Kernel<S>,
  variant: Variant<S>,
  shape: S,
  name: string,
  data: CheckCase,
): Promise<CaseResult[]> {
  const { device } = gpu;
  const memory = new Allocator(gpu);
  try {
    const bytes = await withErrorScopes(device, name, async () => {
      const tensors: Record<string, Tensor> = {};
      for (const { name: binding } of kernel.bindings) {
        tensors[binding] = upload(gpu, memory, binding, startOf(data, binding, name));
      }
      const dispatch = await prepare(gpu, () => variant as never, call(name, kernel, shape, tensors));
      const encoder = device.createCommandEncoder({ label: name });
      const pass = encoder.beginComputePass({ label: name });
      encode(pass, dispatch);
      pass.end();
      const written = kernel.bindings.filter(({ access }) => access === 'read_write');
      const buffers = written.map((binding) => tensors[binding.name]!.buffer);
      const readBack = device.createBuffer({
        label: `${name} read-back`,
        size: buffers.reduce((total, { size }) => total + size, 0),
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      let offset = 0;
      for (const buffer of buffers) {
        encoder.copyBufferToBuffer(buffer, 0, readBack, offset, buffer.size);
        offset += buffer.size;
      }
      device.queue.submit([encoder.finish()]);
      return { readBack, tensors: written.map((binding) => tensors[binding.name]!) };
    });
    const { readBack, tensors } = bytes;
    try {
      await readBack.mapAsync(GPUMapMode.READ);
      gpu.check();
      const all = readBack.getMappedRange().slice(0);
      let offset = 0;
      return tensors.map((tensor) => {
        const words = new Uint32Array(all, offset, tensor.buffer.size / 4);
        offset += tensor.buffer.size;
        return { binding: tensor.label, arrays: download(words, tensor, data) };
      });
    } finally {
      readBack.destroy();
    }
  } finally {
    memory.destroy();
  }
}

/** What a binding holds before the dispatch: its input, or NaN of the expected size. */
function startOf(data: CheckCase, binding: string, name: string): readonly Elements[] {
  const input = data.inputs[binding];
  if (input !== undefined) return input;
  const expected = data.expected[binding];
  if (expected === undefined) throw new Error(`${name}: the case says nothing about "${binding}"`);
  return expected.map(({ values }) => {
    const isInteger = values instanceof Uint32Array;
    return new Uint32Array(values.length).fill(isInteger ? 0xffffffff : nanBits);
  });
}

/** Elements from one replica of an array of this length to the next: strides are part of a shader's text, so this is the one that was checked. */
export const guardedStride = (length: number): number => alignTo(length, 4) + guard;

/** A tensor with these arrays in a larger buffer; its binding ends with the last replica's guard. */
function upload(gpu: Gpu, memory: Allocator, label: string, arrays: readonly Elements[]): Tensor {
  const replicaStride = guardedStride(arrays[0]!.length);
  const words = new Uint32Array(guard + arrays.length * replicaStride).fill(guardBits);
  for (const [replica, array] of arrays.entries()) {
    const bits = new Uint32Array(array.buffer, array.byteOffset, array.length);
    words.set(bits, guard + replica * replicaStride);
  }
  const buffer = memory.buffer(label, words.byteLength);
  gpu.device.queue.writeBuffer(buffer, 0, words);
  const offsetBytes = guard * 4;
  return { label, buffer, offsetBytes, size: replicaStride, replicaStride, replicas: arrays.length };
}

/** The arrays of a tensor, and which words around them changed. */
function download(words: Uint32Array<ArrayBuffer>, tensor: Tensor, data: CheckCase): CaseResult['arrays'] {
  const expected = data.expected[tensor.label] ?? [];
  return expected.map(({ values }, replica) => {
    const start = guard + replica * tensor.replicaStride;
    const bits = words.slice(start, start + values.length);
    const touched: number[] = [];
    const from = replica === 0 ? -guard : 0;
    for (let i = from; i < tensor.replicaStride && start + i < words.length; i++) {
      const isGuard = i < 0 || i >= values.length;
      if (isGuard && words[start + i] !== guardBits) touched.push(i);
    }
    return { values: values instanceof Uint32Array ? bits : new Float32Array(bits.buffer), touched };
  });
}
