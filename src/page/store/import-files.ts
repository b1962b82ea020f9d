// Files that are dropped on the page: whole runs, and the folders of `npm run train`, `experiments` and `search`.
import { type ExperimentSettings, trainSettings } from '../../experiments/experiments.ts';
import { settingsOfTraining } from '../../experiments/settings-of-training.ts';
import type { OptimizerSpec } from '../../optim/index.ts';
import { emptyMetrics, type RunMetrics, type RunRecord } from '../model/run-record.ts';
import { readRecord } from './read-record.ts';
import { readRunFile, type WholeRun } from './run-file.ts';

/** What came of the files: runs, and what was refused and why. */
export interface Imported {
  readonly runs: readonly WholeRun[];
  readonly refused: readonly string[];
}

/** The folder of a file that was dropped or chosen in one. */
const folderOf = (file: File): string => {
  const path = file.webkitRelativePath || file.name;
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
};

export async function importFiles(files: readonly File[]): Promise<Imported> {
  const runs: WholeRun[] = [];
  const refused: string[] = [];
  for (const file of files) {
    try {
      if (file.name === 'summary.json') runs.push(await readRunFolder(file, files));
      else if (file.name === 'results.json') runs.push(...(await readResults(file, files)));
      else if (isOfResult(file, files)) continue;
      else if (/\.safetensors$/.test(file.name))
        runs.push(await readRunFile(new Uint8Array(await file.arrayBuffer())));
      else throw new Error('it is no run of this page or of npm run train');
    } catch (error) {
      refused.push(`${file.name}: ${(error as Error).message}`);
    }
  }
  return { runs, refused };
}

/** What stands beside `summary.json` or `results.json`. */
const companions =
  /^(metrics\.jsonl|sessions\.json|(weights(\.\d+)?|checkpoint)\.safetensors|report\.(md|html))$/;

/** Whether a file lies in the folder of a result, or below it; of files without a folder their names tell. */
const isOfResult = (file: File, files: readonly File[]): boolean =>
  files.some((other) => {
    if (!/^(summary|results)\.json$/.test(other.name)) return false;
    const folder = folderOf(other);
    return folder === '' ? companions.test(file.name) : `${folderOf(file)}/`.startsWith(`${folder}/`);
  });

/** The folder of `npm run train`. */
async function readRunFolder(summaryFile: File, files: readonly File[]): Promise<WholeRun> {
  const summary = JSON.parse(await summaryFile.text()) as Record<string, unknown>;
  const folder = folderOf(summaryFile);
  const adapter = summary.adapter as { readonly name?: string } | undefined;
  const record = readRecord({
    ...summary,
    name: folder.split('/').at(-1) || String(summary.experiment ?? 'npm run train'),
    state: summary.finished === false ? 'stopped' : 'finished',
    train: summary.settings,
    settings: null,
    step: summary.steps,
    adapter: adapter?.name,
  });
  return withCompanions(withSettings(record), folder, files);
}

/** What a run of the command line was asked for, which its files say as a training. */
function withSettings(record: RunRecord): RunRecord {
  if (record.settings !== null) return record;
  try {
    return { ...record, settings: settingsOfTraining(record.train, record.experiment) };
  } catch {
    return record; // Another version wrote its net in another way.
  }
}

/** A run with the curves and the weights that lie in a folder. */
async function withCompanions(record: RunRecord, folder: string, files: readonly File[]): Promise<WholeRun> {
  const beside = (name: string) => files.find((file) => file.name === name && folderOf(file) === folder);
  const lines = beside('metrics.jsonl');
  const metrics =
    lines === undefined ? undefined : readLines(await lines.text(), record.train.replicas.length);
  const weights = await Promise.all(
    record.train.replicas.map(async ({ seed }) => {
      const file =
        record.train.replicas.length === 1
          ? beside('weights.safetensors')
          : beside(`weights.${seed}.safetensors`);
      return file === undefined ? [] : [new Uint8Array(await file.arrayBuffer())];
    }),
  );
  const whole = weights.flat();
  const hasWeights = whole.length === record.train.replicas.length;
  return { record: { ...record, hasWeights }, metrics, weights: hasWeights ? whole : undefined };
}

/** `metrics.jsonl`: a line per report. */
function readLines(text: string, replicas: number): RunMetrics {
  const metrics = emptyMetrics(replicas);
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(line) as Record<string, unknown>;
    } catch {
      continue; // The last line of a run that was killed may be a part.
    }
    const list = (key: string) =>
      (value[key] as readonly (number | null)[]).map((each) => each ?? Number.NaN);
    if (value.type === 'train') {
      metrics.steps.push(value.step as number);
      metrics.loss.push(...list('loss'));
      metrics.accuracy.push(...list('accuracy'));
      metrics.rate.push(list('learningRate')[0] ?? Number.NaN);
    } else if (value.type === 'validation') {
      const scores = value.validation as readonly { loss: number | null; accuracy: number }[];
      metrics.validationSteps.push(value.step as number);
      metrics.validationLoss.push(...scores.map(({ loss }) => loss ?? Number.NaN));
      metrics.validationAccuracy.push(...scores.map(({ accuracy }) => accuracy));
    }
  }
  return metrics;
}

/** `results.json` of `npm run experiments`: a run per experiment, each with a folder; of `npm run search`: one per candidate. */
async function readResults(file: File, files: readonly File[]): Promise<WholeRun[]> {
  const { experiments, candidates, plan } = (JSON.parse(await file.text()) ?? {}) as Record<string, unknown>;
  const results = Array.isArray(experiments)
    ? experiments.map(experimentRecord)
    : Array.isArray(candidates)
      ? candidates.map((candidate) => candidateRecord(candidate, plan))
      : [];
  if (results.length === 0) throw new Error('it holds no results of npm run experiments or npm run search');
  const folder = folderOf(file);
  return Promise.all(
    results.map(async (result) => {
      const record = withSettings(readRecord(result));
      return withCompanions(record, folder === '' ? record.name : `${folder}/${record.name}`, files);
    }),
  );
}

function experimentRecord(result: Record<string, unknown>): object {
  const adapter = result.adapter as { readonly name?: string } | undefined;
  const about = { train: result.settings, settings: null, experiment: result.name };
  return { ...result, ...about, step: result.steps, adapter: adapter?.name };
}

/** A candidate's settings are the plan's with what the search varied. */
function candidateRecord(candidate: Record<string, unknown>, plan: unknown): object {
  const { settings: base, optimizers } = plan as {
    readonly settings: ExperimentSettings;
    readonly optimizers: readonly OptimizerSpec[];
  };
  const { hidden, optimizer, lambda, lrMax, lrMin, steps, trials } = candidate as unknown as SearchCandidate;
  const settings = {
    ...base,
    hidden,
    lambda,
    lrMax,
    lrMin,
    optimizer: optimizers.find(({ kind }) => kind === optimizer) ?? base.optimizer,
  };
  const seeds = trials.map(({ seed }) => seed);
  return {
    name: `search ${hidden.join('-')} lambda ${lambda}`,
    experiment: 'search',
    settings,
    train: trainSettings(settings, { seeds, steps, shuffle: true }),
    step: steps,
    perSeed: trials,
  };
}

interface SearchCandidate {
  readonly hidden: readonly number[];
  readonly optimizer: string;
  readonly lambda: number;
  readonly lrMax: number;
  readonly lrMin: number;
  readonly steps: number;
  readonly trials: readonly { readonly seed: number }[];
}
