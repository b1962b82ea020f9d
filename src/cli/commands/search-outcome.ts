import { datasetOf } from '../../data/datasets/index.ts';
import { adapterNotes, versionNotes } from '../../experiments/origin-notes.ts';
import type { SearchPlan } from '../../experiments/search-plan.ts';
import { type Ranked, rank } from '../../experiments/search-ranking.ts';
import { netName, type SearchReport, searchNotes, searchTable } from '../../experiments/search-report.ts';
import { type SearchState, sizeOf } from '../../experiments/search-state.ts';
import { hosts } from '../../hosts/open-host.ts';
import { commandLine } from '../command-line.ts';
import type { PopulationResult } from '../folders/population-folders.ts';
import type { SearchDirectory } from '../folders/search-directory.ts';
import { hostFlags } from '../options/host-options.ts';
import type { SearchRequest } from '../options/search-options.ts';

/** Lines of the table on standard output; the files have all. */
const shownCandidates = 20;

/** A search in one line. */
export function describeSearch(plan: SearchPlan): string {
  const { nets, optimizers, rounds, seeds, steps, method } = plan;
  const { populations, candidates } = sizeOf(plan);
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const of = [count(nets.length, 'net'), count(optimizers.length, 'optimizer'), count(rounds, 'round')];
  return `${method}: ${count(candidates, 'candidate')} (${of.join(', ')}) with ${count(seeds.length, 'seed')} each, ${steps} steps, in ${count(populations, 'population')}`;
}

/**
 * What is known so far. Without a host, which jobs do not share, the winner is trained where its kind of host trained the populations.
 */
export function searchReport(
  { plan, sharedArguments, host }: Pick<SearchRequest, 'plan' | 'sharedArguments'> & Partial<SearchRequest>,
  { candidates, populations }: SearchState<PopulationResult>,
): SearchReport {
  const { valSize } = plan.settings;
  const ranked = rank(candidates, valSize);
  const best = ranked[0]!;
  return {
    data: datasetOf(plan.settings).title,
    ranked,
    notes: [...searchNotes(ranked, valSize), ...adapterNotes(populations), ...versionNotes(populations)],
    adapterName: [...new Set(populations.map(({ adapter }) => adapter.name))].join('; '),
    bestCommand:
      best.accuracy === null
        ? null
        : commandFor(best, sharedArguments, hostFlags(host ?? { host: hostOf(populations) })),
  };
}

/** The host of all populations, by what ran them; the default one where that differs. */
function hostOf(populations: readonly Pick<PopulationResult, 'browser'>[]): string {
  const names = populations.map(
    ({ browser }) =>
      hosts.find(({ name }) => browser.toLowerCase().startsWith(`${name}/`))?.name ?? hosts[0].name,
  );
  return new Set(names).size === 1 ? names[0]! : hosts[0].name;
}

/** The training of a candidate, with five seeds, and with the kernels of the search: those of its host that are the defaults. */
function commandFor(
  { hidden, net, optimizer, lambda, lrMax, lrMin }: Ranked,
  shared: readonly string[],
  host: readonly string[],
): string {
  const own = [
    net === undefined ? ['--hidden', hidden.join(',')] : ['--net', net],
    ['--optimizer', optimizer],
    ['--lambda', `${lambda}`],
    ['--lr-max', `${lrMax}`],
    ['--lr-min', `${lrMin}`],
    ['--seeds', '5'],
    ['--no-tune'],
    host,
  ].flat();
  return commandLine('train', [...shared, ...own]);
}

export function printSearch(report: SearchReport, { path }: SearchDirectory): void {
  const { ranked, bestCommand } = report;
  const best = ranked[0]!;
  console.log(searchTable(report, shownCandidates));
  if (ranked.length > shownCandidates) console.log(`${ranked.length - shownCandidates} more in report.md`);
  if (bestCommand === null) {
    console.log('every candidate diverged: try lower learning rates (--lr-max)');
  } else {
    console.log(
      `best: ${best.net === undefined ? 'hidden ' : ''}${netName(best)}, ${best.optimizer}, lambda ${best.lambda}, largest rate ${best.lrMax}`,
    );
    console.log(`train it anew: ${bestCommand}`);
  }
  console.log(`report and results in ${path}`);
}
