/** The `kernels` suite: op x variant x the shapes that the nets use, and square matrix products. */
import type { Capabilities } from '../../src/gpu/device.ts';
import { type Kernel, refusal, type Shape, shapeText, type Variant } from '../../src/kernels/kernel.ts';
import { matmulDgrad, matmulForward, matmulWgrad } from '../../src/kernels/matmul.ts';
import { defaultChoice } from '../../src/kernels/variant-choice.ts';
import type { Skipped } from '../schema.ts';
import { netName, nets, settingsOf, trainingImages } from './nets.ts';
import { recordCalls } from './recorded-calls.ts';

/** Nets whose kernels are timed with several replicas too. */
const populations: readonly { readonly hidden: readonly number[]; readonly replicas: number }[] = [
  { hidden: [50, 50], replicas: 5 },
];

const squares = { full: [256, 512, 1024], quick: [256] } as const;

/** The net whose kernels `--quick` times: compiling all variants for all shapes takes minutes on a software adapter. */
const quickNet = '50-50';

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

export interface KernelSuiteOptions {
  readonly capabilities: Capabilities;
  readonly quick: boolean;
  /** `--variant`: time only these, by op or prefix of ops. */
  readonly forced: Readonly<Record<string, string>>;
}

export async function kernelGroups(options: KernelSuiteOptions): Promise<KernelGroup[]> {
  const { capabilities, quick } = options;
  const groups = new Map<string, KernelGroup>();
  const add = (kernel: Kernel, shape: Shape, replicas: number, usedBy: string) => {
    const group = makeGroup(kernel, shape, replicas, options);
    const found = groups.get(group.id) ?? group;
    if (!found.usedBy.includes(usedBy)) found.usedBy.push(usedBy);
    groups.set(group.id, found);
  };
  const wanted = [
    ...nets.filter((net) => !quick || netName(net) === quickNet).map((net) => ({ net, replicas: 1 })),
    ...(quick
      ? []
      : populations.map(({ hidden, replicas }) => ({
          net: { hidden, optimizer: 'sgd' } as const,
          replicas,
        }))),
  ];
  for (const { net, replicas } of wanted) {
    const settings = settingsOf(net, replicas);
    for (const fuseGather of [true, false]) {
      const calls = await recordCalls(settings, capabilities, trainingImages, fuseGather);
      for (const { label, kernel, shape } of calls) {
        add(kernel, shape, replicas, `${netName(net)} ${label}`);
      }
    }
  }
  for (const size of squares[quick ? 'quick' : 'full']) {
    for (const kernel of [matmulForward, matmulWgrad, matmulDgrad]) {
      add(kernel as unknown as Kernel, { M: size, N: size, K: size }, 1, 'square');
    }
  }
  return [...groups.values()].sort((a, b) => a.op.localeCompare(b.op));
}

function makeGroup(
  kernel: Kernel,
  shape: Shape,
  replicas: number,
  { capabilities, forced }: KernelSuiteOptions,
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
          : refusal(variant, shape, capabilities);
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

/** The variant that `--variant` names for an op: the longest key that the op's name starts with. */
export function forcedName(op: string, forced: Readonly<Record<string, string>>): string | undefined {
  const keys = Object.keys(forced).filter((key) => op === key || op.startsWith(`${key}-`));
  const key = keys.sort((a, b) => b.length - a.length)[0];
  return key === undefined ? undefined : forced[key];
}

/** The sizes of a shape, without switches, rates and "unlimited". */
export function sizesText(shape: Shape): string {
  const sizes = Object.entries(shape).filter(
    ([, value]) => Number.isInteger(value) && value > 1 && value < 2 ** 32 - 1,
  );
  return shapeText(Object.fromEntries(sizes));
}
