import type { SearchPlan } from '../../experiments/search-plan.ts';
import { type Ranked, rank, trialsOf } from '../../experiments/search-ranking.ts';
import { netName, type SearchReport, searchNotes, searchTable } from '../../experiments/search-report.ts';
import { type PageServer, startPageServer } from '../../hosts/chrome/page-server.ts';
import { writeCheckpoint } from '../../train/checkpoint.ts';
import { commandLine } from '../command-line.ts';
import { type FolderRun, trainInFolder } from '../folders/folder-run.ts';
import { type PopulationResult, SearchDirectory } from '../folders/search-directory.ts';
import { readSessions } from '../folders/sessions.ts';
import { parseSearchOptions, type SearchOptions } from '../options/search-options.ts';
import { signals } from '../process/signals.ts';
import { makeProgress, type Progress } from '../progress.ts';
import { type Found, type PopulationTask, runSearch, sizeOf } from './search-flow.ts';

/** Lines of the table on standard output; the files have all. */
const shownCandidates = 20;

/** `npm run search`. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseSearchOptions(args);
  if (options === undefined) return 0;
  const { plan, out } = options;
  const directory = new SearchDirectory(out);
  const progress = makeProgress('search, percent');
  const runner = new SearchRunner(options, directory, progress);
  directory.requireSamePlan(plan);
  progress.log(describe(plan));
  try {
    const found = await runSearch(plan, directory, runner);
    progress.stop();
    if (found === undefined) {
      console.log(`stopped in ${runner.current}; the same command goes on from there`);
      return signals.status;
    }
    const report = reportOf(options, found);
    directory.writeReport(plan, report, found.populations);
    print(report, directory);
    return 0;
  } finally {
    progress.stop();
    await runner.close();
  }
}

function describe(plan: SearchPlan): string {
  const { nets, optimizers, rounds, seeds, steps, method } = plan;
  const { populations, candidates } = sizeOf(plan);
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const of = [count(nets.length, 'net'), count(optimizers.length, 'optimizer'), count(rounds, 'round')];
  return `${method}: ${count(candidates, 'candidate')} (${of.join(', ')}) with ${count(seeds.length, 'seed')} each, ${steps} steps, in ${count(populations, 'population')}`;
}

/** Trains populations in Chrome, which is started for the first that needs it, and shows how far the search is. */
class SearchRunner {
  /** The population being trained. */
  current = '';
  readonly #options: SearchOptions;
  readonly #directory: SearchDirectory;
  readonly #progress: Progress;
  #server: PageServer | undefined;
  /** Share of the search that is finished. */
  #done = 0;
  #best: number | undefined;

  constructor(options: SearchOptions, directory: SearchDirectory, progress: Progress) {
    this.#options = options;
    this.#directory = directory;
    this.#progress = progress;
  }

  async train(task: PopulationTask): Promise<PopulationResult | undefined> {
    // Asked while the population before this one was finished.
    if (signals.asked) return undefined;
    const { name, settings, checkpoint } = task;
    const { log } = this.#progress;
    const first = this.#server === undefined;
    this.#server ??= await startPageServer({ dataDir: this.#options.dataDir, log });
    const { dataSource } = this.#server;
    if (first) log(`data: CIFAR-10 from ${dataSource}, ${settings.valSize} training images for validation`);
    this.current = name;
    const startedAt = new Date();
    const folder = this.#directory.folder(name);
    const start = {
      settings,
      ...(checkpoint && { checkpoint: writeCheckpoint(checkpoint) }),
      withoutTest: true,
      toleratesDivergence: true,
    };
    // Those of a rung before this one are in its own folder.
    const goesOn = checkpoint !== undefined && checkpoint.step > task.firstStep;
    const sessions = goesOn ? readSessions(folder.path).sessions : [];
    const before = { experiment: name, sessions, startedAt };
    const training = { start, before };
    const run = await trainInFolder<FolderRun>(this.#server, folder, training, {
      log,
      onReady: ({ step, otherAdapter, modelBytes }, adapter) => {
        if (first) log(`adapter: ${adapter.name}`);
        const size = `${settings.replicas.length} replicas, ${(modelBytes / 1e6).toFixed(1)} MB`;
        log(`population ${name}: ${size}${step > 0 ? `, goes on at step ${step}` : ''}`);
        if (otherAdapter !== undefined) {
          log(`warning: it began on another adapter (${otherAdapter}): its bits will differ`);
        }
      },
      onReport: ({ report: { step, msPerStep } }) => this.#show(task, step, msPerStep),
      keep: (done) => done,
    });
    const { result, ready, adapter, browser, duration } = run;
    if (!result.finished) return undefined;
    return {
      name,
      settings,
      trials: trialsOf(settings.replicas, result.validation!, folder.divergedSteps()),
      adapter: { name: adapter.name, ...adapter.adapter },
      browser,
      dataSource,
      ...duration,
      finishedAt: new Date().toISOString(),
      resumedAtStep: ready.step,
      msPerStep: result.msPerStep,
      dispatchesPerStep: ready.dispatchesPerStep,
      modelBytes: ready.modelBytes,
      variants: ready.variants,
    };
  }

  onDone(share: number): void {
    this.#done += share;
  }

  onCandidates(found: Found): void {
    const { plan } = this.#options;
    const report = reportOf(this.#options, found);
    this.#best = report.ranked[0]?.accuracy ?? undefined;
    this.#directory.writeReport(plan, report, found.populations);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #show(
    { name, settings: { steps }, firstStep, share }: PopulationTask,
    step: number,
    msPerStep: number,
  ): void {
    const part = share * ((step - firstStep) / (steps - firstStep));
    const best = this.#best === undefined ? '' : `best accuracy ${this.#best.toFixed(4)} | `;
    // 100 is for the end: the last population's results are still to come.
    const percent = Math.min(99.9, 100 * (this.#done + part));
    this.#progress.update(
      Number(percent.toFixed(1)),
      100,
      `${best}${name} step ${step} of ${steps} | ${msPerStep.toFixed(2)} ms per step`,
    );
  }
}

function reportOf(
  { plan, sharedArguments }: SearchOptions,
  { candidates, populations }: Found,
): SearchReport {
  const { valSize } = plan.settings;
  const ranked = rank(candidates, valSize);
  const best = ranked[0]!;
  return {
    ranked,
    notes: searchNotes(ranked, valSize),
    adapterName: [...new Set(populations.map(({ adapter }) => adapter.name))].join('; '),
    bestCommand: best.accuracy === null ? null : commandFor(best, sharedArguments),
  };
}

/** The training of a candidate, with five seeds. */
function commandFor({ hidden, optimizer, lambda, lrMax, lrMin }: Ranked, shared: readonly string[]): string {
  const own = [
    ['--hidden', hidden.join(',')],
    ['--optimizer', optimizer],
    ['--lambda', `${lambda}`],
    ['--lr-max', `${lrMax}`],
    ['--lr-min', `${lrMin}`],
    ['--seeds', '5'],
  ].flat();
  return commandLine('train', [...shared, ...own]);
}

function print(report: SearchReport, { path }: SearchDirectory): void {
  const { ranked, bestCommand } = report;
  const best = ranked[0]!;
  console.log(searchTable(report, shownCandidates));
  if (ranked.length > shownCandidates) console.log(`${ranked.length - shownCandidates} more in report.md`);
  if (bestCommand === null) {
    console.log('every candidate diverged: try lower learning rates (--lr-max)');
  } else {
    console.log(
      `best: hidden ${netName(best.hidden)}, ${best.optimizer}, lambda ${best.lambda}, largest rate ${best.lrMax}`,
    );
    console.log(`train it anew: ${bestCommand}`);
  }
  console.log(`report and results in ${path}`);
}
