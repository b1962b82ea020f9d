import { type GpuWork, stampsOfPass } from '../gpu/clock.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Tensor } from '../gpu/tensor.ts';
import { type Dispatch, encode, type KernelCall, prepare } from '../kernels/call.ts';
import type { VariantChoice } from '../kernels/variant-choice.ts';

/** A step recorded once: everything it needs exists, replaying it only encodes. */
export interface Plan {
  readonly label: string;
  readonly dispatches: readonly Dispatch[];
  /** Variant of each call by its label, such as `layers.0 wgrad` -> `quad-12x52`. */
  readonly variants: Readonly<Record<string, string>>;
  /** All that its dispatches read and write. */
  readonly tensors: readonly Tensor[];
}

/** What plans are compiled with. */
export interface PlanTools {
  readonly gpu: Gpu;
  readonly choose: VariantChoice;
}

/**
 * Compiles all pipelines at once and makes the bind groups.
 * @throws GpuError naming the kernel that is refused
 */
export async function compilePlan(
  { label, gpu, choose }: PlanTools & { readonly label: string },
  calls: readonly KernelCall[],
): Promise<Plan> {
  // A buffer that is too large is told by name, before what its size is in a shader.
  const tensors = [...new Set(calls.flatMap((call) => Object.values(call.tensors)))];
  requireBuffers(tensors);
  const dispatches = await Promise.all(calls.map((call) => prepare(gpu, choose, call)));
  gpu.check();
  const variants = Object.fromEntries(dispatches.map(({ label: name, variant }) => [name, variant]));
  return { label, dispatches, variants, tensors };
}

/** @throws GpuError naming a tensor that this device cannot hold; Error naming one whose buffers were freed */
export function requireBuffers(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) void tensor.buffer;
}

/** Encodes one step as one compute pass. */
export function encodeStep(
  encoder: GPUCommandEncoder,
  plan: Plan,
  descriptor?: GPUComputePassDescriptor,
): void {
  const pass = encoder.beginComputePass({ label: plan.label, ...descriptor });
  for (const dispatch of plan.dispatches) encode(pass, dispatch);
  pass.end();
}

/** Replays a plan, one pass per step as in training. */
export const planWork = (plan: Plan): GpuWork => ({
  encode(encoder, repeats, stamps) {
    for (let step = 0; step < repeats; step++) {
      encodeStep(encoder, plan, stampsOfPass(stamps, step === 0, step === repeats - 1));
    }
  },
});
