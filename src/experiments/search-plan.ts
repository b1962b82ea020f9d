// Which populations a search trains: those of each round, net and optimizer, one after another.
import { randomStream } from '../data/random.ts';
import { layOut } from '../nn/parameters.ts';
import type { OptimizerSpec } from '../optim/index.ts';
import type { TrainSettings } from '../train/settings.ts';
import { type ExperimentSettings, netSpec, stepsOfCycles, trainSettings } from './experiments.ts';
import type { Candidate, Ranked, Trial } from './search-ranking.ts';
import { gridPoints, narrowed, type Point, randomPoints, type Space } from './search-space.ts';

export const searchMethods = ['grid', 'random', 'coarse-to-fine'] as const;

/** A net to try: hidden widths, or a name (nn/named-nets.ts). */
export type NetChoice = readonly number[] | string;

/** A search as plain data: the same plan is the same search. */
export interface SearchPlan {
  /** What all candidates share; its `lrMax` is the largest of the search, which the others are fractions of. */
  readonly settings: ExperimentSettings;
  /** Hidden widths of each net, or the name of a convolutional one. */
  readonly nets: readonly NetChoice[];
  readonly optimizers: readonly OptimizerSpec[];
  readonly space: Space;
  readonly method: (typeof searchMethods)[number];
  /** Points of a population's round; of a grid, values per range. */
  readonly samples: number;
  /** 1 for all but coarse-to-fine. */
  readonly rounds: number;
  /** Seed of the samples. */
  readonly searchSeed: number;
  /** Each candidate is trained with all of them. */
  readonly seeds: readonly number[];
  readonly steps: number;
  /** After each cycle the worse half of a population is left behind. */
  readonly halving: boolean;
  /** Replicas of a population, at most; at least one candidate with all its seeds. */
  readonly atOnce: number;
}

/** What a population shares: replicas have one net and one optimizer. */
export interface Architecture {
  /** Widths of a fully connected net; none where the net has a name. */
  readonly hidden: readonly number[];
  readonly net?: string;
  readonly optimizer: OptimizerSpec;
}

/** Candidates that train at once. */
export interface Population extends Architecture {
  /** Also that of its folder: `round-1-50x50-sgd`. */
  readonly name: string;
  readonly round: number;
  readonly points: readonly Point[];
}

export const architecturesOf = ({ nets, optimizers }: SearchPlan): Architecture[] =>
  nets.flatMap((net) =>
    optimizers.map((optimizer) =>
      typeof net === 'string' ? { hidden: [], net, optimizer } : { hidden: net, optimizer },
    ),
  );

/** The settings of an architecture's net. */
const settingsOf = (
  { settings }: SearchPlan,
  { hidden, net, optimizer }: Architecture,
): ExperimentSettings => ({
  ...settings,
  optimizer,
  ...(net === undefined ? { hidden } : { net }),
});

/** The space of a round: narrowed again and again around what the rounds before it found best. */
function spaceOf({ space }: SearchPlan, before: readonly (readonly Ranked[])[]): Space {
  return before.reduce(({ lambda, lrMax }, ranked) => {
    const good = ranked.filter(({ accuracy }) => accuracy !== null);
    const tried = (name: keyof Point) => good.map((candidate) => candidate[name]);
    return {
      lambda: narrowed(lambda, tried('lambda')),
      lrMax: narrowed(lrMax, tried('lrMax')),
    };
  }, space);
}

/**
 * The populations of a net's next round.
 * @param before of each round before it, what this net came to, the best first
 */
export function populationsOf(
  plan: SearchPlan,
  architecture: Architecture,
  before: readonly (readonly Ranked[])[],
): Population[] {
  const { method, samples, searchSeed, seeds, atOnce } = plan;
  const { hidden, net, optimizer } = architecture;
  const round = before.length + 1;
  const space = spaceOf(plan, before);
  const points =
    method === 'grid'
      ? gridPoints(space, samples)
      : randomPoints(space, samples, randomStream(searchSeed, 'search', round));
  const size = Math.max(1, Math.floor(atOnce / seeds.length));
  const parts = Array.from({ length: Math.ceil(points.length / size) }, (_, part) =>
    points.slice(part * size, (part + 1) * size),
  );
  const rounds = plan.rounds > 1 ? [`round-${round}`] : [];
  return parts.map((ofPart, part) => {
    const names = [
      ...rounds,
      net ?? hidden.join('x'),
      optimizer.kind,
      ...(parts.length > 1 ? [part + 1] : []),
    ];
    return { name: names.join('-'), round, ...architecture, points: ofPart };
  });
}

/** Steps at whose end a population is ranked, the last of them the end of training. */
export function rungsOf({ halving, steps, settings }: SearchPlan): number[] {
  if (!halving) return [steps];
  const rungs: number[] = [];
  for (let cycles = 1; stepsOfCycles(settings, cycles) < steps; cycles++)
    rungs.push(stepsOfCycles(settings, cycles));
  return [...rungs, steps];
}

/** Of `count` candidates, how many go on to the next rung. */
export const survivorsOf = (count: number): number => Math.ceil(count / 2);

/** The training of a population until `steps`: every point with every seed is a replica, the seeds of a point side by side. */
export function populationSettings(
  plan: SearchPlan,
  architecture: Architecture,
  points: readonly Point[],
  steps: number,
): TrainSettings {
  const { settings, seeds } = plan;
  const shared = trainSettings(settingsOf(plan, architecture), { seeds, steps, shuffle: true });
  return {
    ...shared,
    replicas: points.flatMap(({ lambda, lrMax }) =>
      seeds.map((seed) => ({ seed, lambda, rateScale: lrMax / settings.lrMax })),
    ),
  };
}

/** The candidates of a population after `steps`, from the trials of its replicas. */
export function candidatesOf(
  { settings, seeds }: SearchPlan,
  { hidden, net, optimizer, round }: Omit<Population, 'points'>,
  points: readonly Point[],
  steps: number,
  trials: readonly Trial[],
): Candidate[] {
  return points.map(({ lambda, lrMax }, i) => ({
    round,
    hidden,
    ...(net !== undefined && { net }),
    optimizer: optimizer.kind,
    lambda,
    lrMax,
    lrMin: Number(((settings.lrMin * lrMax) / settings.lrMax).toPrecision(12)),
    steps,
    trials: trials.slice(i * seeds.length, (i + 1) * seeds.length),
  }));
}

/** Work of each rung of a population with so many candidates, in parameters updated: what progress is counted in. */
export function workOf(plan: SearchPlan, architecture: Architecture, candidates: number): number[] {
  const { parameterCount } = layOut(netSpec(settingsOf(plan, architecture)));
  let left = candidates;
  let before = 0;
  return rungsOf(plan).map((steps) => {
    const work = (steps - before) * left * plan.seeds.length * parameterCount;
    [left, before] = [survivorsOf(left), steps];
    return work;
  });
}
