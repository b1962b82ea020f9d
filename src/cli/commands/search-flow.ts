import type { SearchPlan } from '../../experiments/search-plan.ts';
import { type SearchState, type SearchTask, searchState } from '../../experiments/search-state.ts';
import type { Checkpoint } from '../../train/checkpoint.ts';
import type { PopulationFolders, PopulationResult } from '../folders/population-folders.ts';

/** What a search does with its tasks; a test has its own. */
export interface SearchHost {
  /** Before each training, and at the end: how far the search is. */
  onState(state: SearchState<PopulationResult>): void;
  /** Trains and keeps the result in the population's folder; undefined where it was stopped. */
  train(task: SearchTask, checkpoint: Checkpoint | undefined): Promise<PopulationResult | undefined>;
}

/**
 * Trains on this machine what is not finished yet, one population after another; undefined where it was stopped. Which populations
 * those are depends on the plan and on earlier results alone, so the same command goes on where it was interrupted.
 * @throws UserError where the folder holds another search, or something in it is damaged
 */
export async function runSearch(
  plan: SearchPlan,
  folders: PopulationFolders,
  host: SearchHost,
): Promise<SearchState<PopulationResult> | undefined> {
  const resultOf = folders.reader();
  for (;;) {
    const state = searchState(plan, resultOf);
    for (const name of state.spent) folders.removeCheckpoint(name);
    host.onState(state);
    const [task] = state.open;
    if (task === undefined) return state;
    if ((await host.train(task, folders.startOf(task))) === undefined) return undefined;
  }
}
