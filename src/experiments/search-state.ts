// How far a search is: what is known, and which populations can be trained next. One machine takes the first of them again and
// again; a scheduler takes them all at once.
import type { TrainSettings } from '../train/settings.ts';
import {
  architecturesOf,
  candidatesOf,
  type Population,
  populationSettings,
  populationsOf,
  rungsOf,
  type SearchPlan,
  survivorsOf,
  workOf,
} from './search-plan.ts';
import { type Candidate, type Ranked, rank, type Trial } from './search-ranking.ts';

/** A training that a search needs. */
export interface SearchTask {
  /** Also that of its folder. */
  readonly name: string;
  readonly settings: TrainSettings;
  /** It goes on with these replicas, by their places, of an earlier one; null where it starts. */
  readonly from: { readonly name: string; readonly places: readonly number[] } | null;
  /** Step at which its part of the work begins, and which share of the whole search that is. */
  readonly firstStep: number;
  readonly share: number;
}

/** What a training must tell of itself. */
interface Trained {
  /** Of each replica of its settings. */
  readonly trials: readonly Trial[];
}

export interface SearchState<R extends Trained> {
  /** Of the populations that are finished, in the order of the search. */
  readonly candidates: readonly Candidate[];
  readonly populations: readonly R[];
  /** What can be trained now, in the order of one machine. Empty where the search is finished. */
  readonly open: readonly SearchTask[];
  /** Share of the whole work that is finished. */
  readonly done: number;
  /** Finished trainings whose checkpoints nothing goes on from. */
  readonly spent: readonly string[];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Populations of the search, and the work of all of them. */
export function sizeOf(plan: SearchPlan): { populations: number; candidates: number; work: number } {
  const ofRound = architecturesOf(plan).flatMap((architecture) => populationsOf(plan, architecture, []));
  const works = ofRound.map((population) => sum(workOf(plan, population, population.points.length)));
  return {
    populations: plan.rounds * ofRound.length,
    candidates: plan.rounds * sum(ofRound.map(({ points }) => points.length)),
    work: plan.rounds * sum(works),
  };
}

/**
 * The state of a search, from the plan and the results so far alone: who asks after an interruption finds the place where it goes on.
 * @param resultOf the result of a training, where it is finished
 */
export function searchState<R extends Trained>(
  plan: SearchPlan,
  resultOf: (name: string, settings: TrainSettings) => R | undefined,
): SearchState<R> {
  const { work } = sizeOf(plan);
  const { valSize } = plan.settings;
  const all: PopulationState<R>[] = [];
  // Each net and optimizer with its rounds so far; the next round of one does not wait for the others.
  const chains = architecturesOf(plan).map((architecture) => ({ architecture, rounds: [] as Ranked[][] }));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { architecture, rounds } of chains) {
      if (rounds.length < round - 1) continue;
      const ofRound = populationsOf(plan, architecture, rounds).map((population) =>
        populationState(plan, population, work, resultOf),
      );
      all.push(...ofRound);
      if (ofRound.some(({ open }) => open !== null)) continue;
      rounds.push(
        rank(
          ofRound.flatMap(({ candidates }) => candidates),
          valSize,
        ),
      );
    }
  }
  const finished = all.filter(({ open }) => open === null);
  return {
    candidates: finished.flatMap(({ candidates }) => candidates),
    populations: finished.flatMap(({ results }) => results),
    open: all.flatMap(({ open }) => open ?? []),
    done: sum(all.map(({ done }) => done)),
    spent: all.flatMap(({ spent }) => spent),
  };
}

interface PopulationState<R> {
  readonly candidates: readonly Candidate[];
  /** Of each rung. */
  readonly results: readonly R[];
  readonly open: SearchTask | null;
  readonly done: number;
  readonly spent: readonly string[];
}

/** A population from rung to rung; after each but the last only the better half goes on, and nothing that diverged. */
function populationState<R extends Trained>(
  plan: SearchPlan,
  population: Population,
  work: number,
  resultOf: (name: string, settings: TrainSettings) => R | undefined,
): PopulationState<R> {
  const rungs = rungsOf(plan);
  const shares = workOf(plan, population, population.points.length).map((part) => part / work);
  const candidates: Candidate[] = [];
  const results: R[] = [];
  const spent: string[] = [];
  let { points } = population;
  let from: SearchTask['from'] = null;
  for (const [i, steps] of rungs.entries()) {
    const name = rungs.length === 1 ? population.name : `${population.name}/rung-${i + 1}`;
    const settings = populationSettings(plan, population, points, steps);
    const result = resultOf(name, settings);
    if (result === undefined) {
      const [firstStep, share] = [i === 0 ? 0 : rungs[i - 1]!, shares[i]!];
      const open = { name, settings, from, firstStep, share };
      return { candidates, results, open, done: sum(shares.slice(0, i)), spent };
    }
    results.push(result);
    if (from !== null) spent.push(from.name);
    const ofRung = candidatesOf(plan, population, points, steps, result.trials);
    const kept = i === rungs.length - 1 ? [] : survivors(ofRung, points.length, plan.settings.valSize);
    candidates.push(...ofRung.filter((_, place) => !kept.includes(place)));
    if (kept.length === 0) {
      spent.push(name);
      break;
    }
    const { length } = plan.seeds;
    const places = kept.flatMap((place) => plan.seeds.map((_, seed) => place * length + seed));
    from = { name, places };
    points = kept.map((place) => points[place]!);
  }
  return { candidates, results, open: null, done: sum(shares), spent };
}

/** Places of the candidates that go on, in the order they had, so that nothing else changes. */
function survivors(candidates: readonly Candidate[], count: number, validationImages: number): number[] {
  const ranked = rank(
    candidates.map((candidate, place) => ({ ...candidate, place })),
    validationImages,
  );
  const alive = ranked.filter(({ accuracy }) => accuracy !== null);
  return alive
    .slice(0, survivorsOf(count))
    .map(({ place }) => place)
    .toSorted((a, b) => a - b);
}
