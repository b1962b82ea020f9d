import type { Gpu } from '../gpu/device.ts';
import { foldedText, foldedWorkgroups, foldGrid } from '../gpu/folded-grid.ts';
import { specialize } from '../gpu/specialize.ts';
import { bindingOf, type Tensor } from '../gpu/tensor.ts';
import { type Kernel, type Shape, shapeText, type Variant } from './kernel.ts';
import type { VariantChoice } from './variant-choice.ts';

/** A kernel applied to tensors: what a net and an optimizer are lists of. Plain data; nothing is compiled yet. */
export interface KernelCall {
  /** Where in the net: `layers.0 forward`. */
  readonly label: string;
  readonly kernel: Kernel;
  readonly shape: Shape;
  /** By binding name. A tensor of one replica is shared by all. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Applies a kernel. The types of `shape` and of the tensors' names are checked against the kernel's. */
export function call<S extends Shape, B extends string>(
  label: string,
  kernel: Kernel<S, B>,
  shape: S,
  tensors: Readonly<Record<B, Tensor>>,
): KernelCall {
  return { label, kernel: kernel as unknown as Kernel, shape, tensors };
}

/** Is this a call of that kernel? Its shape and tensors are then known. */
export const isCallOf =
  <S extends Shape, B extends string>(kernel: Kernel<S, B>) =>
  (
    candidate: KernelCall,
  ): candidate is KernelCall & { readonly shape: S; readonly tensors: Readonly<Record<B, Tensor>> } =>
    candidate.kernel.op === kernel.op;

/** Replicas that a call computes: those of its largest tensor; tensors of one replica are shared. */
export const replicasOf = ({
  kernel,
  tensors,
}: {
  readonly kernel: { readonly bindings: readonly { readonly name: string }[] };
  readonly tensors: Readonly<Record<string, Tensor>>;
}): number => Math.max(...kernel.bindings.map(({ name }) => tensors[name]?.replicas ?? 1));

/** A call ready to be encoded. */
export interface Dispatch {
  readonly label: string;
  readonly op: string;
  readonly variant: string;
  readonly shape: Shape;
  readonly replicas: number;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

const upperSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** The text that is compiled for a variant, a shape and the strides of its tensors. */
export function shaderText<S extends Shape>(
  kernel: Kernel<S>,
  variant: Variant<S>,
  shape: S,
  tensors: Readonly<Record<string, Tensor>>,
): string {
  const replicas = replicasOf({ kernel, tensors });
  const strides = kernel.bindings.map(({ name }) => {
    const { replicas: own, replicaStride } = tensors[name]!;
    // A single replica does not care; with its stride the text is that of a population, and compiled once for both.
    return [`${upperSnake(name)}_STRIDE`, own < replicas ? 0 : replicaStride] as const;
  });
  const text = specialize(variant.source, {
    constants: variant.constants(shape),
    constantsIfDeclared: Object.fromEntries(strides),
    flags: variant.flags?.(shape) ?? {},
  });
  return variant.subgroups === true ? `enable subgroups;\n${text}` : text;
}

/**
 * Compiles a call: chooses the variant, makes the pipeline and the bind group.
 * @throws GpuError naming op, variant and shape where the shader or the buffers are refused.
 */
export async function prepare(
  gpu: Gpu,
  choose: VariantChoice,
  { label, kernel, shape, tensors }: KernelCall,
): Promise<Dispatch> {
  const replicas = replicasOf({ kernel, tensors });
  const variant = choose(kernel, shape, gpu.capabilities, { label, replicas });
  const name = `${label}: ${kernel.op}/${variant.name} ${shapeText(shape)}`;
  const bound = kernel.bindings.map((binding) => {
    const tensor = tensors[binding.name];
    if (tensor === undefined) throw new Error(`${name} lacks the tensor "${binding.name}"`);
    return tensor;
  });
  const accesses = kernel.bindings.map((binding) => binding.access);
  const grid = foldGrid(variant.grid(shape), gpu.capabilities.maxWorkgroupsPerDimension);
  const code = foldedText(shaderText(kernel, variant, shape, tensors), grid);
  const pipeline = await gpu.pipelines.pipeline({ label: name, code, bindings: accesses });
  const bindGroup = gpu.device.createBindGroup({
    label: name,
    layout: gpu.pipelines.layout(accesses),
    entries: bound.map((tensor, binding) => ({ binding, resource: bindingOf(tensor) })),
  });
  return {
    label,
    op: kernel.op,
    variant: variant.name,
    shape,
    replicas,
    pipeline,
    bindGroup,
    workgroups: foldedWorkgroups(grid, replicas),
  };
}

/** Records a dispatch into a pass. */
export function encode(pass: GPUComputePassEncoder, dispatch: Dispatch): void {
  pass.setPipeline(dispatch.pipeline);
  pass.setBindGroup(0, dispatch.bindGroup);
  pass.dispatchWorkgroups(...dispatch.workgroups);
}
