/** The `kernels` suite: op x variant x the shapes that the nets use, and square matrix products. */
import { type ConvShape, productSize } from '../../src/kernels/convolution-shape.ts';
import type { Kernel, Shape } from '../../src/kernels/kernel.ts';
import { matmulDgrad, matmulForward, matmulWgrad } from '../../src/kernels/matmul.ts';
import { type KernelGroup, type KernelGroupOptions, kernelGroup } from '../../src/measure/kernel-group.ts';
import { recordCalls } from '../../src/measure/recorded-calls.ts';
import {
  type AskedNet,
  askedNet,
  hasNarrowTail,
  netName,
  nets,
  type StepNet,
  settingsOf,
  trainingImages,
} from './nets.ts';

/** Nets whose kernels are timed with several replicas too. */
const populations: readonly { readonly hidden: readonly number[]; readonly replicas: number }[] = [
  { hidden: [50, 50], replicas: 5 },
];

const squares = { full: [256, 512, 1024], quick: [256] } as const;

/** The net whose kernels `--quick` times: compiling all variants for all shapes takes minutes on a software adapter. */
const quickNet = '50-50';

export interface KernelSuiteOptions extends KernelGroupOptions {
  readonly quick: boolean;
  /** The only net whose kernels are timed; absent: those of `nets`, and square products. */
  readonly net?: AskedNet | undefined;
}

/** The plain product of the size of a convolution: what its rate is measured against. */
function plainProduct(kernel: Kernel, shape: Shape) {
  const plain = plainProducts[kernel.op];
  return plain && { kernel: plain as unknown as Kernel, shape: productSize(shape as ConvShape) };
}

const plainProducts: Readonly<
  Record<string, typeof matmulForward | typeof matmulWgrad | typeof matmulDgrad>
> = {
  'conv-forward': matmulForward,
  'conv-wgrad': matmulWgrad,
  'conv-dgrad': matmulDgrad,
};

export async function kernelGroups(options: KernelSuiteOptions): Promise<KernelGroup[]> {
  const { capabilities, quick, net: asked } = options;
  const groups = new Map<string, KernelGroup>();
  const add = (kernel: Kernel, shape: Shape, replicas: number, usedBy: string) => {
    const group = kernelGroup(kernel, shape, replicas, options);
    const found = groups.get(group.id) ?? group;
    if (!found.usedBy.includes(usedBy)) found.usedBy.push(usedBy);
    groups.set(group.id, found);
  };
  for (const { net, replicas } of asked ? [{ net: askedNet(asked), replicas: 1 }] : wantedNets(quick)) {
    const settings = settingsOf(net, replicas);
    const tail = hasNarrowTail(net) ? [{ fuseGather: false, oneWorkgroup: true }] : [];
    for (const plan of [{ fuseGather: true }, { fuseGather: false }, ...tail]) {
      const calls = recordCalls({ settings, capabilities, images: trainingImages, ...plan });
      for (const { label, kernel, shape } of calls) {
        add(kernel, shape, replicas, `${netName(net)} ${label}`);
        const plain = plainProduct(kernel, shape);
        if (plain) add(plain.kernel, plain.shape, replicas, `the size of ${netName(net)} ${label}`);
      }
    }
  }
  for (const size of asked ? [] : squares[quick ? 'quick' : 'full']) {
    for (const kernel of [matmulForward, matmulWgrad, matmulDgrad]) {
      add(kernel as unknown as Kernel, { M: size, N: size, K: size }, 1, 'square');
    }
  }
  return [...groups.values()].sort((a, b) => a.op.localeCompare(b.op));
}

function wantedNets(quick: boolean): {
  readonly net: StepNet;
  readonly replicas: number;
}[] {
  if (quick) return nets.filter((net) => netName(net) === quickNet).map((net) => ({ net, replicas: 1 }));
  return [
    ...nets.map((net) => ({ net, replicas: 1 })),
    ...populations.map(({ hidden, replicas }) => ({ net: { hidden, optimizer: 'sgd' as const }, replicas })),
  ];
}
