import { datasetOf } from '../../data/datasets/index.ts';
import type { SearchState, SearchTask } from '../../experiments/search-state.ts';
import type { Host } from '../../hosts/host.ts';
import { openHost } from '../../hosts/open-host.ts';
import type { Checkpoint } from '../../train/checkpoint.ts';
import { refuseJobs } from '../folders/jobs-directory.ts';
import type { PopulationResult } from '../folders/population-folders.ts';
import { SearchDirectory } from '../folders/search-directory.ts';
import { parseSearchOptions, type SearchRequest } from '../options/search-options.ts';
import { signals } from '../process/signals.ts';
import { makeProgress, type Progress } from '../progress.ts';
import { trainPopulation } from './population-training.ts';
import { runSearch } from './search-flow.ts';
import { collectSearch, planSearch } from './search-jobs.ts';
import { describeSearch, printSearch, searchReport } from './search-outcome.ts';

/** `npm run search`. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseSearchOptions(args);
  if (options === undefined) return 0;
  if (options.action === 'collect') return collectSearch(options.out);
  return options.action === 'plan' ? planSearch(options) : searchHere(options);
}

/** Trains everything on this machine. */
async function searchHere(request: SearchRequest): Promise<number> {
  const { plan, out } = request;
  refuseJobs(out);
  const directory = new SearchDirectory(out);
  const progress = makeProgress('search, percent');
  const runner = new SearchRunner(request, directory, progress);
  directory.requireSamePlan(plan);
  progress.log(describeSearch(plan));
  try {
    const state = await runSearch(plan, directory, runner);
    progress.stop();
    if (state === undefined) {
      console.log(`stopped in ${runner.current}; the same command goes on from there`);
      return signals.status;
    }
    const report = searchReport(request, state);
    directory.writeReport(plan, report, state.populations);
    printSearch(report, directory);
    return 0;
  } finally {
    progress.stop();
    await runner.close();
  }
}

/** Trains populations on a host, which is opened for the first that needs it, and shows how far the search is. */
class SearchRunner {
  /** The population being trained. */
  current = '';
  readonly #options: SearchRequest;
  readonly #directory: SearchDirectory;
  readonly #progress: Progress;
  #host: Host | undefined;
  /** Share of the search that is finished. */
  #done = 0;
  #populations = 0;
  #best: number | undefined;

  constructor(options: SearchRequest, directory: SearchDirectory, progress: Progress) {
    this.#options = options;
    this.#directory = directory;
    this.#progress = progress;
  }

  async train(task: SearchTask, checkpoint: Checkpoint | undefined): Promise<PopulationResult | undefined> {
    // Asked while the population before this one was finished.
    if (signals.asked) return undefined;
    const { name, settings } = task;
    const { log } = this.#progress;
    const first = this.#host === undefined;
    const dataset = datasetOf(settings);
    this.#host ??= await openHost({ dataset, dataDir: this.#options.dataDir, log, ...this.#options.host });
    if (first) {
      const { dataSource } = this.#host;
      log(`data: ${dataset.title} from ${dataSource}, ${settings.valSize} training images for validation`);
    }
    this.current = name;
    const { result } = await trainPopulation(
      { name, settings, checkpoint, firstStep: task.firstStep },
      this.#host,
      this.#directory,
      {
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
      },
    );
    return result;
  }

  onState(state: SearchState<PopulationResult>): void {
    this.#done = state.done;
    if (state.populations.length === this.#populations) return;
    this.#populations = state.populations.length;
    const report = searchReport(this.#options, state);
    this.#best = report.ranked[0]?.accuracy ?? undefined;
    this.#directory.writeReport(this.#options.plan, report, state.populations);
  }

  async close(): Promise<void> {
    await this.#host?.close();
  }

  #show({ name, settings: { steps }, firstStep, share }: SearchTask, step: number, msPerStep: number): void {
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
