/** The `train` suite: whole steps of the engine's plan against plans with forced variants. */
import { kernels } from '../../src/kernels/index.ts';
import { forcedPlan } from '../../src/kernels/variant-choice.ts';
import type { Skipped } from '../../src/measure/schema.ts';
import { type AskedNet, askedNet, netName, nets, type StepNet } from './nets.ts';

/** A plan of a step. */
export interface StepRow {
  readonly name: string;
  /** Variants by op or prefix of ops; none: what the engine chooses. */
  readonly forced: Readonly<Record<string, string>>;
  /** Whether the first layer's products fetch the images themselves; absent: what the engine chooses. */
  readonly fuseGather?: boolean | undefined;
  /** Whether all behind the first layer's product is one workgroup's; absent: what the engine chooses. */
  readonly oneWorkgroup?: boolean | undefined;
  /** Measure the variants first, as training does. */
  readonly tuned?: boolean;
}

export interface StepGroup {
  readonly suite: 'train';
  readonly id: string;
  readonly op: 'step';
  readonly title: string;
  readonly usedBy: readonly string[];
  readonly net: StepNet;
  readonly replicas: number;
  readonly rows: readonly StepRow[];
  readonly skipped: readonly Skipped[];
}

/** The plan without measurements. */
export const defaultRow: StepRow = { name: 'default', forced: {} };

/** What training uses: the variants that measure fastest here. */
export const tunedRow: StepRow = { name: 'tuned', forced: {}, tuned: true };

/** A gather of its own, then plain matrix products, with the default variants. */
const gatherApart: StepRow = { name: 'gather apart', forced: {}, fuseGather: false };

/** The plan that training has with these options `--variant`, named like them. */
const forcedRow = (forced: Readonly<Record<string, string>>): StepRow => ({
  name: Object.entries(forced)
    .map(([op, variant]) => `${op}=${variant}`)
    .join(' '),
  forced,
  ...forcedPlan(forced),
});

/** Each variant but the naive one that at least two of the matrix products have, used by all of them that have it. */
function uniformMatmuls(): StepRow[] {
  const plain = kernels.filter(({ op }) => ['matmul-forward', 'matmul-wgrad', 'matmul-dgrad'].includes(op));
  const names = plain.flatMap(({ variants }) => variants.map(({ name }) => name));
  const shared = [...new Set(names)].filter((name) => names.filter((other) => other === name).length >= 2);
  return shared
    .filter((name) => name !== 'naive')
    .map((name) => forcedRow({ matmul: name, 'gather-matmul': name }));
}

export interface TrainSuiteOptions {
  readonly quick: boolean;
  readonly forced: Readonly<Record<string, string>>;
  /** The only net whose steps are timed; absent: those of `nets`. */
  readonly net?: AskedNet | undefined;
}

export function stepGroups({ quick, forced, net: asked }: TrainSuiteOptions): StepGroup[] {
  const isAsked = Object.keys(forced).length > 0;
  const naive = forcedRow({ matmul: 'naive' });
  const others = isAsked
    ? [forcedRow(forced)]
    : quick
      ? [gatherApart, naive]
      : [tunedRow, gatherApart, naive, ...uniformMatmuls()];
  return (asked ? [askedNet(asked)] : nets).flatMap((net) =>
    (quick ? net.quickReplicas : net.replicas).map((replicas): StepGroup => {
      const batch = net.batchSize === undefined ? '' : ` B=${net.batchSize}`;
      const id = `step ${netName(net)} ${net.optimizer} R=${replicas}${batch}`;
      const hasOthers = (replicas === 1 && net.optimizer === 'sgd') || isAsked;
      return {
        suite: 'train',
        id,
        op: 'step',
        title: id,
        usedBy: [],
        net,
        replicas,
        rows:
          net.net === undefined || isAsked
            ? [defaultRow, ...(hasOthers ? others : [])]
            : [defaultRow, tunedRow],
        skipped: [],
      };
    }),
  );
}
