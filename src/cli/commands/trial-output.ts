import type { TrainSettings } from '../../train/settings.ts';
import type { FolderRun, FolderRunCallbacks } from '../folders/folder-run.ts';
import { LeftToOthers } from '../folders/left-to-others.ts';
import { provenance } from '../folders/provenance.ts';
import { Interrupted, signals } from '../process/signals.ts';
import { type MetricLine, metricLine, planHash, printLine, type ResultLine } from './trial-lines.ts';

type Parts = Pick<ResultLine, 'status'> & Partial<Omit<ResultLine, 'type' | 'id'>>;

/** A result that is there already. */
interface FinishedBefore {
  readonly adapter: { readonly name: string };
  readonly browser: string;
  readonly host: string;
  readonly variants: Readonly<Record<string, string>>;
}

/** Prints the lines of a trial: metrics while it trains, and one result, however it ends, but none of what is left to others. */
export class TrialOutput {
  readonly #id: string;
  readonly #settings: TrainSettings;
  readonly #startedAtMs = Date.now();
  #step = 0;
  #adapter: string | null = null;
  #planHash: string | null = null;
  #finished = false;

  constructor(id: string, settings: TrainSettings) {
    this.#id = id;
    this.#settings = settings;
  }

  readonly callbacks: Required<Pick<FolderRunCallbacks<unknown>, 'onReady' | 'onReport' | 'onValidation'>> = {
    onReady: ({ step, variants }, { name }) => {
      this.#step = step;
      this.#adapter = name;
      this.#planHash = planHash(this.#settings, variants);
    },
    onReport: ({ report }) => {
      this.#step = report.step;
    },
    onValidation: (message) => {
      this.#step = message.report.step;
      const line: MetricLine = metricLine(this.#id, this.#settings, message);
      printLine(line);
    },
  };

  /** The last line; returns it. */
  result({ status, ...parts }: Parts): ResultLine {
    const { host, dataHash } = provenance();
    const line: ResultLine = {
      type: 'result',
      id: this.#id,
      status,
      step: this.#step,
      steps: this.#settings.steps,
      values: null,
      checkpoint: null,
      error: null,
      adapter: this.#adapter,
      browser: null,
      planHash: this.#planHash,
      dataHash,
      host,
      wallMs: Date.now() - this.#startedAtMs,
      ...parts,
    };
    this.#finished = true;
    printLine(line);
    return line;
  }

  /** What a run that was stopped came to. */
  pruned({ result, browser }: FolderRun, checkpoint: string): void {
    this.result({ status: 'pruned', step: result.step, browser, checkpoint });
  }

  /** What was finished before. */
  finishedBefore({ adapter, browser, host, variants }: FinishedBefore, values: ResultLine['values']): void {
    const { steps } = this.#settings;
    const plan = planHash(this.#settings, variants);
    const by = { adapter: adapter.name, browser, host, planHash: plan };
    this.result({ status: 'complete', step: steps, values, ...by });
  }

  /**
   * Does the work. Where it fails, that is the result, and the error goes on to whoever prints it; where a signal comes while there is nothing to
   * stop in order yet, the trial is pruned at once. What is left to others has no result here.
   * @param checkpoint what there is to go on from then
   */
  async orFailed<T>(work: () => Promise<T>, checkpoint: () => string | null): Promise<T> {
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(new Interrupted('stopped before the first step'));
    });
    try {
      return await signals.hold('what is under way', stop, () => Promise.race([work(), stopped]));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!this.#finished && !(error instanceof LeftToOthers)) {
        const isStopped = error instanceof Interrupted;
        this.result({
          status: isStopped ? 'pruned' : 'failed',
          error: isStopped ? null : message.split('\n', 1)[0]!,
          checkpoint: checkpoint(),
        });
      }
      throw error;
    }
  }
}
