/** What the engine promises, checked by every run that measures both sides. */
import type { AdapterDescription } from '../src/gpu/device.ts';
import { compareRows, usable } from '../src/measure/compare.ts';
import { fmaGroup } from '../src/measure/roofline.ts';
import type { Group } from '../src/measure/schema.ts';
import { type Estimate, median, quotientEstimate } from '../src/measure/statistics.ts';
import { headlessRow, pageRow } from './suites/page-suite.ts';

/** time(row) / time(against) <= atMost, in every group whose id starts with `group`. */
export interface Goal {
  readonly suite: Group['suite'];
  readonly group: string;
  /** The first of these that was timed: a tuned plan that is no other than the default one is skipped. */
  readonly rows: readonly string[];
  /** The rows whose names begin like this. */
  readonly against: string;
  readonly atMost: number;
  /** On adapters that compute on the CPU only: on a GPU a small step is bound by its dispatches, whatever the kernels. */
  readonly softwareOnly?: boolean;
}

export interface GoalResult {
  readonly suite: Group['suite'];
  readonly group: string;
  readonly row: string;
  readonly against: string;
  readonly atMost: number;
  /** 95 % interval of the median of the ratios. */
  readonly ratio: Estimate;
  /** `undecided`: the interval contains the goal. */
  readonly outcome: 'met' | 'missed' | 'undecided';
}

/** A step of ours against each peer's: how many times faster at least. */
function againstPeers(group: string, factors: Readonly<Record<string, number>>): Goal[] {
  return Object.entries(factors).map(([against, factor]) => ({
    suite: 'peers',
    group,
    rows: ['wgrad'],
    against,
    atMost: 1 / factor,
  }));
}

export const goals: readonly Goal[] = [
  {
    suite: 'train',
    group: 'step 50-50 sgd R=1',
    rows: ['default'],
    against: 'matmul=naive',
    atMost: 1 / 3,
    softwareOnly: true,
  },
  // The tuned plan is at least as fast as any choice of one variant for all matrix products.
  { suite: 'train', group: 'step ', rows: ['tuned', 'default'], against: 'matmul=', atMost: 1 / 0.97 },
  // Who watches waits no longer: 95 % of the steps per second.
  { suite: 'page', group: 'training ', rows: [pageRow], against: headlessRow, atMost: 1 / 0.95 },
  ...againstPeers('step 50-50 adam', {
    'jax-webgpu': 4,
    'jax-wasm': 1.3,
    'tfjs-webgpu': 40,
    'tfjs-wasm': 2.5,
  }),
  ...['step patch-4-10-50', 'step vgg-16-32-64'].flatMap((group) =>
    againstPeers(group, { 'jax-webgpu': 3, 'jax-wasm': 1, 'tfjs-webgpu': 5, 'tfjs-wasm': 1 }),
  ),
  ...againstPeers('step 50-30-30-30-20-20-20-20-20 adam', {
    'jax-webgpu': 5,
    'jax-wasm': 2,
    'tfjs-webgpu': 50,
    'tfjs-wasm': 2.5,
  }),
];

/** The engine's choice reaches `share` of the multiply-add peak that the same run measured, in a group of the `kernels` suite. */
export interface PeakGoal {
  readonly group: string;
  readonly share: number;
}

/** Large products are bound by arithmetic, on any adapter: what they miss of the peak is the kernel's doing. */
export const peakGoals: readonly PeakGoal[] = ['matmul-forward', 'matmul-wgrad', 'matmul-dgrad'].flatMap(
  (op) => [512, 1024].map((size) => ({ group: `${op} M=${size} N=${size} K=${size} R=1`, share: 0.3 })),
);

const outcomeOf = ({ low, high }: Estimate, atMost: number): GoalResult['outcome'] =>
  high <= atMost ? 'met' : low > atMost ? 'missed' : 'undecided';

/** As ratios to the time that the work would take at the peak; nothing where either was not measured. */
export function checkPeakGoals(
  groups: readonly Group[],
  wanted: readonly PeakGoal[] = peakGoals,
): GoalResult[] {
  const nsPerFlop = (group: Group, row: Group['rows'][number]) =>
    usable(group, row).map((ns) => ns / row.work.flops);
  const peaks = groups.find(({ suite, id }) => suite === 'peaks' && id === fmaGroup);
  const best = peaks?.rows
    .map((row) => nsPerFlop(peaks, row))
    .filter((samples) => samples.length > 0)
    .sort((a, b) => median(a) - median(b))[0];
  if (best === undefined) return [];
  return wanted.flatMap(({ group: id, share }): GoalResult[] => {
    const group = groups.find(({ suite, id: name }) => suite === 'kernels' && name === id);
    const row = group?.rows.find(({ isDefault }) => isDefault);
    if (group === undefined || row === undefined || usable(group, row).length === 0) return [];
    const ratio = quotientEstimate(nsPerFlop(group, row), best, 0.95);
    const atMost = 1 / share;
    const outcome = outcomeOf(ratio, atMost);
    const against = 'time at the peak';
    return [{ suite: 'kernels', group: id, row: row.name, against, atMost, ratio, outcome }];
  });
}

/** Goals of this adapter whose two rows were measured. */
export function checkGoals(
  groups: readonly Group[],
  { software }: Pick<AdapterDescription, 'software'>,
  wanted: readonly Goal[] = goals,
): GoalResult[] {
  const here = wanted.filter(({ softwareOnly = false }) => software || !softwareOnly);
  return here.flatMap((goal) =>
    groups
      .filter(({ suite, id }) => suite === goal.suite && id.startsWith(goal.group))
      .flatMap((group) => {
        // A row that was left out because its plan is another row's stands for that one.
        const isHere = (name: string) =>
          [...group.rows, ...group.skipped].some((candidate) => candidate.name === name);
        const names = isHere(goal.rows[0]!) ? goal.rows : [];
        const row = names.flatMap((name) => group.rows.filter((candidate) => candidate.name === name))[0];
        if (row === undefined) return [];
        const others = group.rows.filter(({ name }) => name.startsWith(goal.against));
        return others.flatMap((against): GoalResult[] => {
          const { ratio } = compareRows(group, row, against, 1);
          if (Number.isNaN(ratio.value)) return [];
          const { suite, atMost } = goal;
          const outcome = outcomeOf(ratio, atMost);
          return [{ suite, group: group.id, row: row.name, against: against.name, atMost, ratio, outcome }];
        });
      }),
  );
}
