// A search as jobs for a scheduler, and what became of them.
import { join } from 'node:path';
import { type SearchState, type SearchTask, searchState } from '../../experiments/search-state.ts';
import { UserError } from '../../hosts/user-error.ts';
import { commandLine } from '../command-line.ts';
import { type Job, JobsDirectory, requireSameOrigin } from '../folders/jobs-directory.ts';
import { PopulationFolders, type PopulationResult, resultFile } from '../folders/population-folders.ts';
import { SearchDirectory } from '../folders/search-directory.ts';
import type { SearchRequest } from '../options/search-options.ts';
import { anotherRound, missingJobs, printJobs } from './jobs-outcome.ts';
import { describeSearch, printSearch, searchReport } from './search-outcome.ts';

/** Writes the jobs of the first round that are not there yet, and prints which have no result. */
export function planSearch({ plan, sharedArguments, out }: SearchRequest): number {
  const jobs = JobsDirectory.create(out, { kind: 'search', search: plan, sharedArguments });
  const { open } = searchState(plan, new PopulationFolders(out).reader());
  jobs.add(open.map(jobOf));
  console.error(describeSearch(plan));
  printJobs(jobs, open);
  return 0;
}

/**
 * Makes the table and the report, or the jobs of the next round.
 * @throws UserError where results are missing, damaged, or not of one version
 */
export function collectSearch(out: string): number {
  const jobs = JobsDirectory.open(out);
  const { plan: planned } = jobs;
  if (planned.kind !== 'search') {
    throw new UserError(
      `${out} holds ${planned.kind}: collect it by ${commandLine(planned.kind, ['--collect', out])}`,
    );
  }
  const { search: plan } = planned;
  const directory = new SearchDirectory(out);
  const read = directory.reader();
  const numbers = new Map(jobs.jobs().map(({ name, number }) => [name, number]));
  const state: SearchState<PopulationResult> = searchState(plan, (name, settings) => {
    const result = read(name, settings);
    if (result !== undefined) requireSameOrigin(join(out, name, resultFile), result);
    return result;
  });
  const missing = state.open.filter(({ name }) => numbers.has(name));
  if (missing.length > 0) throw new UserError(missingJobs(jobs, missing));
  for (const name of state.spent) directory.removeCheckpoint(name);
  if (state.open.length > 0) {
    jobs.add(state.open.map(jobOf));
    printJobs(jobs, state.open);
    return anotherRound;
  }
  const report = searchReport({ plan, sharedArguments: planned.sharedArguments }, state);
  directory.writeReport(plan, report, state.populations);
  printSearch(report, directory);
  return 0;
}

const jobOf = ({ share: _, ...task }: SearchTask): Job => ({ kind: 'search', ...task });
