import { defaultDataset } from '../../data/datasets/index.ts';
import type { ExperimentSettings } from '../../experiments/experiments.ts';
import { settingFields } from '../../experiments/setting-fields.ts';
import { kernelOrigins } from '../../train/messages.ts';
import type { TrainSettings } from '../../train/settings.ts';
import type { SeedViewScores } from '../../train/view-scores.ts';
import { newRunId, type RunRecord, type RunState, type SeedScore } from '../model/run-record.ts';

type Loose = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown, otherwise: string): string =>
  typeof value === 'string' ? value.slice(0, 300) : otherwise;

const number = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;

const numberOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const states: readonly RunState[] = ['running', 'finished', 'stopped', 'failed', 'interrupted'];

/**
 * The settings of a training that somebody's file says: those that the page shows and compares must be there.
 * @throws Error saying what is missing
 */
export function readTrainSettings(value: unknown): TrainSettings {
  if (!isObject(value)) throw new Error('it has no settings');
  const { net, optimizer, schedule, replicas } = value;
  if (!isObject(net) || !isObject(optimizer) || !isObject(schedule)) {
    throw new Error('its settings have no net, optimizer or schedule');
  }
  if (!Array.isArray(replicas) || replicas.length === 0 || replicas.length > 1024) {
    throw new Error('its settings have no seeds');
  }
  for (const replica of replicas as readonly unknown[]) {
    if (!isObject(replica) || !Number.isSafeInteger(replica.seed))
      throw new Error('a seed in it is no number');
  }
  for (const key of ['steps', 'batchSize', 'valSize']) {
    if (!Number.isSafeInteger(value[key])) throw new Error(`its settings have no ${key}`);
  }
  const { dataset = defaultDataset.name } = value;
  if (dataset !== defaultDataset.name) {
    throw new Error(`it was trained on ${String(dataset)}, this page knows ${defaultDataset.name}`);
  }
  return value as unknown as TrainSettings;
}

/** What of a form's settings can be read; null where one of them is none. */
function readSettings(value: unknown): ExperimentSettings | null {
  if (!isObject(value)) return null;
  try {
    const settings = value as unknown as ExperimentSettings;
    for (const field of settingFields) field.write(settings, field.read(settings));
    return settings;
  } catch {
    return null;
  }
}

export function readScores(value: unknown): SeedScore[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((score) => ({
    seed: number(score.seed, 0),
    validationAccuracy: numberOrNull(score.validationAccuracy),
    validationLoss: numberOrNull(score.validationLoss),
    testAccuracy: numberOrNull(score.testAccuracy),
    testLoss: numberOrNull(score.testLoss),
    ...viewScores(score),
    divergedAtStep: numberOrNull(score.divergedAtStep),
    confusion: Array.isArray(score.confusion) ? score.confusion.map((count) => number(count, 0)) : null,
  }));
}

/** Scores over views of each image, where the file has any. */
function viewScores(score: Loose): SeedViewScores | undefined {
  if (!('testAccuracyOverViews' in score)) return undefined;
  return {
    validationAccuracyOverViews: numberOrNull(score.validationAccuracyOverViews),
    validationLossOverViews: numberOrNull(score.validationLossOverViews),
    testAccuracyOverViews: numberOrNull(score.testAccuracyOverViews),
    testLossOverViews: numberOrNull(score.testLossOverViews),
  };
}

const isName = (value: unknown): boolean => typeof value === 'string' && /^[a-z][a-z\d-]{0,60}$/.test(value);

/** What a file says of forced variants: names by name. Those that this version does not have force nothing. */
const readForced = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter((pair): pair is [string, string] =>
      pair.every(isName),
    ),
  );

/** A record from a file: every field is checked or replaced. @throws Error where it is none */
export function readRecord(value: unknown): RunRecord {
  if (!isObject(value)) throw new Error('it holds no run');
  const state = states.find((each) => each === value.state) ?? 'finished';
  return {
    id: newRunId(),
    name: text(value.name, 'imported'),
    origin: 'import',
    state: state === 'running' ? 'stopped' : state,
    problem: typeof value.problem === 'string' ? text(value.problem, '') : null,
    experiment: text(value.experiment, 'base'),
    settings: readSettings(value.settings),
    train: readTrainSettings(value.train),
    step: number(value.step, 0),
    stepsPerEpoch: number(value.stepsPerEpoch, 0),
    dispatchesPerStep: number(value.dispatchesPerStep, 0),
    modelBytes: number(value.modelBytes, 0),
    variants: {},
    kernels: kernelOrigins.find((origin) => origin === value.kernels) ?? 'default',
    forced: readForced(value.forced),
    adapter: text(value.adapter, ''),
    browser: text(value.browser, ''),
    startedAt: Number.isNaN(Date.parse(text(value.startedAt, '')))
      ? new Date(0).toISOString()
      : text(value.startedAt, ''),
    elapsedMs: number(value.elapsedMs, 0),
    msPerStep: numberOrNull(value.msPerStep),
    perSeed: readScores(value.perSeed),
    style: 0,
    pinned: false,
    hasWeights: value.hasWeights === true,
    initial: typeof value.initial === 'string' ? text(value.initial, '') : null,
  };
}
