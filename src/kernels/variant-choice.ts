import type { Capabilities } from '../gpu/device.ts';
import { GpuError } from '../gpu/errors.ts';
import { type Kernel, preferredNames, refusal, type Shape, shapeText, type Variant } from './kernel.ts';

/** Where a call stands: its label in the net, and for how many replicas it runs. */
export interface Place {
  readonly label: string;
  readonly replicas: number;
}

/** Picks the variant that computes an op of a shape. */
export type VariantChoice = <S extends Shape>(
  kernel: Kernel<S>,
  shape: S,
  capabilities: Capabilities,
  place: Place,
) => Variant<S>;

/** The first preferred variant of the adapter's kind that can compute the shape and pays for it; undefined where none is made for it. */
export const preferredVariant = <S extends Shape>(
  kernel: Kernel<S>,
  shape: S,
  capabilities: Capabilities,
): Variant<S> | undefined =>
  preferredNames(kernel, capabilities.kind)
    .map((name) => variantNamed(kernel, name))
    .find(
      (variant) =>
        (variant.pays?.(shape, capabilities) ?? true) && refusal(variant, shape, capabilities) === undefined,
    );

/**
 * Without measurements: the preferred variant, else the first that can compute the shape.
 * @throws GpuError where none can
 */
export const defaultChoice: VariantChoice = (kernel, shape, capabilities) => {
  const preferred = preferredVariant(kernel, shape, capabilities);
  if (preferred !== undefined) return preferred;
  const refusals = kernel.variants.map((variant) => refusal(variant, shape, capabilities));
  const possible = kernel.variants[refusals.indexOf(undefined)];
  if (possible === undefined) {
    throw new GpuError(`${kernel.op}: no variant can compute ${shapeText(shape)} here: ${refusals[0]}`);
  }
  return possible;
};

/** Is what is forced under this key meant for that op? `matmul` covers all its forms. */
export const isForcedBy = (op: string, key: string): boolean => op === key || op.startsWith(`${key}-`);

/** The name of the variant that is forced for an op: the longest key decides. */
export function forcedName(op: string, forced: Readonly<Record<string, string>>): string | undefined {
  const keys = Object.keys(forced).filter((key) => isForcedBy(op, key));
  const [longest = ''] = keys.sort((a, b) => b.length - a.length);
  return forced[longest];
}

/** Forces variants. A shape that a forced variant refuses, and every op not named, is left to `otherwise`. */
export function forcedChoice(
  forced: Readonly<Record<string, string>>,
  otherwise: VariantChoice = defaultChoice,
): VariantChoice {
  return (kernel, shape, capabilities, place) => {
    const wanted = forcedName(kernel.op, forced);
    const variant = kernel.variants.find(({ name }) => name === wanted);
    if (variant === undefined || refusal(variant, shape, capabilities) !== undefined) {
      return otherwise(kernel, shape, capabilities, place);
    }
    return variant;
  };
}

/**
 * A forced variant is to compute something: where every call of its ops refuses it, the user is told why, since all would take another.
 * @throws GpuError naming the variant, a call and the reason. Ops that the calls do not have are no reason.
 */
export function requireForced(
  forced: Readonly<Record<string, string>>,
  calls: readonly { readonly label: string; readonly kernel: Kernel; readonly shape: Shape }[],
  capabilities: Capabilities,
): void {
  for (const [key, name] of Object.entries(forced)) {
    const meant = calls.filter(({ kernel }) => isForcedBy(kernel.op, key));
    const refusals = meant.flatMap(({ label, kernel, shape }) => {
      const variant = kernel.variants.find((candidate) => candidate.name === name);
      return variant === undefined ? [] : [{ label, why: refusal(variant, shape, capabilities) }];
    });
    const [first] = refusals;
    if (first !== undefined && refusals.every(({ why }) => why !== undefined))
      throw new GpuError(
        `the forced variant ${key}=${name} computes nothing here: ${first.label}: ${first.why}`,
      );
  }
}

/**
 * What forced variants say of the first layer: one on the products that fetch the images wants them, one on the gather or on plain matrix
 * products is meant for the first layer too, which then does not fetch the images itself. Undefined where nothing is said.
 */
export function forcedFusion(forced: Readonly<Record<string, string>>): boolean | undefined {
  const ops = Object.keys(forced);
  if (ops.some((op) => op.startsWith('gather-matmul'))) return true;
  return ops.some((op) => op === 'gather' || op.startsWith('matmul')) ? false : undefined;
}

/** What a net's tail computes in one workgroup, when it does (nn/net-tail.ts). */
const tailOps = [
  'matmul-forward',
  'matmul-wgrad',
  'matmul-dgrad',
  'batch-norm-forward',
  'batch-norm-backward',
  'bias-gradient',
  'softmax-cross-entropy',
];

/**
 * What forced variants say of all behind the first layer's product: one on net-tail wants it in one workgroup, one on what that is made of
 * as dispatches of its own. Undefined where nothing is said.
 */
export function forcedTail(forced: Readonly<Record<string, string>>): boolean | undefined {
  if (forcedName('net-tail', forced) !== undefined) return true;
  return tailOps.some((op) => forcedName(op, forced) !== undefined) ? false : undefined;
}

/** Plans as forced variants want them: what a step is recorded with. */
export const forcedPlan = (forced: Readonly<Record<string, string>>) => ({
  fuseGather: forcedFusion(forced),
  oneWorkgroup: forcedTail(forced),
});

/** A variant that this version does not have: the user named it, or a checkpoint of another version did. */
export class UnknownVariant extends Error {
  override readonly name = 'UnknownVariant';
}

/**
 * The variants that a checkpoint recorded, by call label. Calls that it does not name, and those whose variant this adapter refuses, are left to
 * `otherwise`: on another adapter the bits are others anyway.
 * @throws UnknownVariant where a recorded variant no longer exists: other variants may round differently.
 */
export function recordedChoice(
  recorded: Readonly<Record<string, string>>,
  otherwise: VariantChoice = defaultChoice,
): VariantChoice {
  return (kernel, shape, capabilities, place) => {
    const name = recorded[place.label];
    if (name === undefined) return otherwise(kernel, shape, capabilities, place);
    const variant = kernel.variants.find((candidate) => candidate.name === name);
    if (variant === undefined) {
      throw new UnknownVariant(
        `the checkpoint was made with the kernel ${kernel.op}/${name}, which this version does not have: another one would not end with the same bits, so start anew or go on with the version that made it`,
      );
    }
    if (refusal(variant, shape, capabilities) === undefined) return variant;
    return otherwise(kernel, shape, capabilities, place);
  };
}

/** @throws UnknownVariant where the op has no variant of that name. */
export function variantNamed<S extends Shape>(kernel: Kernel<S>, name: string): Variant<S> {
  const variant = kernel.variants.find((candidate) => candidate.name === name);
  if (variant === undefined) {
    const names = kernel.variants.map((candidate) => candidate.name).join(', ');
    throw new UnknownVariant(`${kernel.op} has no variant "${name}", it has ${names}`);
  }
  return variant;
}
