// A group of the kernels that are compared: the variants of an op for a shape.
import type { Capabilities } from '../gpu/device.ts';
import { isMadeFor, type Kernel, refusal, type Shape, shapeText, type Variant } from '../kernels/kernel.ts';
import { defaultChoice, forcedName } from '../kernels/variant-choice.ts';
import { kindsText } from './adapter-words.ts';
import type { Skipped } from './schema.ts';

/** On a software adapter the naive variants do about half a GFLOP per second: larger ops are left out. */
const hopelessNaiveFlops = 1e9;

/** Rows of one group: variants of an op for a shape. */
export interface KernelGroup {
  readonly suite: 'kernels';
  readonly id: string;
  readonly op: string;
  readonly title: string;
  readonly usedBy: string[];
  readonly kernel: Kernel;
  readonly shape: Shape;
  readonly replicas: number;
  readonly defaultVariant: string;
  readonly variants: readonly Variant<Shape>[];
  readonly skipped: readonly Skipped[];
}

export interface KernelGroupOptions {
  readonly capabilities: Capabilities;
  /** `--variant`: time only these, by op or prefix of ops. */
  readonly forced: Readonly<Record<string, string>>;
}

/** The group of an op and a shape: which variants can be timed here, and why not the others. */
export function kernelGroup(
  kernel: Kernel,
  shape: Shape,
  replicas: number,
  { capabilities, forced }: KernelGroupOptions,
): KernelGroup {
  const skipped: Skipped[] = [];
  const only = forcedName(kernel.op, forced);
  const variants = kernel.variants.filter((variant) => {
    const isHopeless =
      capabilities.software &&
      variant.name === 'naive' &&
      replicas * kernel.cost(shape).flops > hopelessNaiveFlops &&
      only === undefined;
    const reason =
      only !== undefined && variant.name !== only
        ? `only ${only} was asked for`
        : isHopeless
          ? `takes seconds at this size (--variant ${kernel.op}=naive times it)`
          : only !== undefined || isMadeFor(variant, capabilities)
            ? refusal(variant, shape, capabilities)
            : `made for ${kindsText(variant.madeFor!)}`;
    if (reason !== undefined) skipped.push({ name: variant.name, reason });
    return reason === undefined;
  });
  return {
    suite: 'kernels',
    id: `${kernel.op} ${shapeText(shape)} R=${replicas}`,
    op: kernel.op,
    title: `${kernel.op} ${sizesText(shape)} R=${replicas}`,
    usedBy: [],
    kernel,
    shape,
    replicas,
    defaultVariant: defaultChoice(kernel, shape, capabilities, { label: '', replicas }).name,
    variants,
    skipped,
  };
}

/** The sizes of a shape, without switches, rates and "unlimited". */
export function sizesText(shape: Shape): string {
  const sizes = Object.entries(shape).filter(
    ([, value]) => Number.isInteger(value) && value > 1 && value < 2 ** 32 - 1,
  );
  return shapeText(Object.fromEntries(sizes));
}
