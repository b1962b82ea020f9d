import { join } from 'node:path';
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
} from '../../experiments/search-plan.ts';
import { type Candidate, type Ranked, rank } from '../../experiments/search-ranking.ts';
import { UserError } from '../../hosts/user-error.ts';
import { type Checkpoint, withReplicas } from '../../train/checkpoint.ts';
import type { TrainSettings } from '../../train/settings.ts';
import type { PopulationResult, SearchDirectory } from '../folders/search-directory.ts';

/** A training that a search needs. */
export interface PopulationTask {
  /** Also that of its folder. */
  readonly name: string;
  readonly settings: TrainSettings;
  /** Where it goes on from, if it does not start. */
  readonly checkpoint: Checkpoint | undefined;
  /** Step at which its part of the work begins, and which share of the whole search that is. */
  readonly firstStep: number;
  readonly share: number;
}

/** What a search does with its tasks; a test has its own. */
export interface SearchHost {
  /** Undefined where it was stopped. */
  train(task: PopulationTask): Promise<PopulationResult | undefined>;
  /** That share of the search is finished, now or by an earlier command. */
  onDone(share: number): void;
  /** A population is finished: everything that is known so far. */
  onCandidates(found: Found): void;
}

/** What a search found. */
export interface Found {
  readonly candidates: readonly Candidate[];
  readonly populations: readonly PopulationResult[];
}

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

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Trains what is not finished yet, round by round; undefined where it was stopped. Which populations those are depends on the plan
 * and on earlier results alone, so the same command goes on where it was interrupted.
 * @throws UserError where the folder holds another search, or something in it is damaged
 */
export async function runSearch(
  plan: SearchPlan,
  directory: SearchDirectory,
  host: SearchHost,
): Promise<Found | undefined> {
  const { work } = sizeOf(plan);
  const architectures = architecturesOf(plan).map((architecture) => ({
    architecture,
    rounds: [] as Ranked[][],
  }));
  const found = { candidates: [] as Candidate[], populations: [] as PopulationResult[] };
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { architecture, rounds } of architectures) {
      const ofRound: Candidate[] = [];
      for (const population of populationsOf(plan, architecture, rounds)) {
        const shares = workOf(plan, population, population.points.length).map((part) => part / work);
        const ofPopulation = await runPopulation(plan, population, shares, directory, host);
        if (ofPopulation === undefined) return undefined;
        ofRound.push(...ofPopulation.candidates);
        found.candidates.push(...ofPopulation.candidates);
        found.populations.push(...ofPopulation.populations);
        host.onCandidates(found);
      }
      rounds.push(rank(ofRound, plan.settings.valSize));
    }
  }
  return found;
}

/** A population from rung to rung; after each but the last only the better half goes on, and nothing that diverged. */
async function runPopulation(
  plan: SearchPlan,
  population: Population,
  shares: readonly number[],
  directory: SearchDirectory,
  host: SearchHost,
): Promise<Found | undefined> {
  const rungs = rungsOf(plan);
  const left: Candidate[] = [];
  const populations: PopulationResult[] = [];
  let points = population.points;
  let before: { readonly name: string; readonly places: readonly number[] } | undefined;
  for (const [i, steps] of rungs.entries()) {
    const name = rungs.length === 1 ? population.name : join(population.name, `rung-${i + 1}`);
    const settings = populationSettings(plan, population, points, steps);
    let result = directory.finished(name, settings);
    if (result === undefined) {
      const own = directory.checkpointOf(name, settings);
      const checkpoint = own ?? (before && survivors(directory, before.name, before.places, steps));
      const [firstStep, share] = [i === 0 ? 0 : rungs[i - 1]!, shares[i]!];
      result = await host.train({ name, settings, checkpoint, firstStep, share });
      if (result === undefined) return undefined;
      directory.write(result);
    }
    host.onDone(shares[i]!);
    populations.push(result);
    if (before !== undefined) directory.removeCheckpoint(before.name);
    const candidates = candidatesOf(plan, population, points, steps, result.trials);
    if (i === rungs.length - 1) {
      directory.removeCheckpoint(name);
      return { candidates: [...left, ...candidates], populations };
    }
    const ranked = rank(
      candidates.map((candidate, place) => ({ ...candidate, place })),
      plan.settings.valSize,
    );
    const alive = ranked.filter(({ accuracy }) => accuracy !== null);
    const kept = alive.slice(0, survivorsOf(points.length)).map(({ place }) => place);
    left.push(...candidates.filter((_, place) => !kept.includes(place)));
    if (kept.length === 0) return { candidates: left, populations };
    // In the order they had, so that nothing else changes.
    const inOrder = kept.toSorted((a, b) => a - b);
    const { length } = plan.seeds;
    const places = inOrder.flatMap((place) => plan.seeds.map((_, seed) => place * length + seed));
    before = { name, places };
    points = inOrder.map((place) => points[place]!);
  }
  throw new Error('a search without rungs');
}

/** The checkpoint of those that go on. */
function survivors(
  directory: SearchDirectory,
  name: string,
  places: readonly number[],
  steps: number,
): Checkpoint {
  const checkpoint = directory.checkpoint(name);
  if (checkpoint === undefined) {
    throw new UserError(
      `${join(directory.path, name)} lacks its checkpoint: delete that folder to train the population again`,
    );
  }
  return withReplicas(checkpoint, places, steps);
}
