import { Ajv, type ErrorObject } from 'ajv';
import { datasetOf } from '../../data/datasets/index.ts';
import { splitImages } from '../../data/record-set.ts';
import { trainSettings } from '../../experiments/experiments.ts';
import { resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import type { TrainSettings } from '../../train/settings.ts';
import { parseTrainOptions } from './train-options.ts';
import { paramsSchema, settingOptions } from './trial-schema.ts';

/** A trial that was asked for. */
export interface TrialRequest {
  readonly id: string;
  readonly settings: TrainSettings;
  /** Path of the checkpoint to go on from. */
  readonly checkpoint: string | undefined;
}

interface Params {
  readonly id: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly seeds?: readonly number[];
  readonly budget?: { readonly steps?: number; readonly epochs?: number };
  readonly checkpoint?: string | null;
}

/** @throws UserError in one line for what is no trial */
export function parseTrialParams(text: string): TrialRequest {
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch (error) {
    throw new UserError(`the trial is not JSON: ${(error as Error).message}`);
  }
  const validate = new Ajv({ allowUnionTypes: true }).compile<Params>(paramsSchema());
  if (!validate(params))
    throw new UserError(`the trial does not fit its schema: ${inWords(validate.errors!)}`);
  const { id, seed = 1, seeds = [seed], budget, checkpoint } = params;
  const { settings, shuffle } = trainOptionsOf(params.settings);
  if (settings.valSize === 0)
    throw new UserError('settings.valSize 0 leaves no images to score the trial by');
  const training = splitImages(datasetOf(settings), 'train') - settings.valSize;
  const stepsPerEpoch = Math.floor(training / settings.batchSize);
  const steps =
    budget?.epochs === undefined ? budget?.steps : Math.max(1, Math.round(budget.epochs * stepsPerEpoch));
  return {
    id,
    settings: trainSettings(settings, { seeds, steps, shuffle }),
    checkpoint: checkpoint == null ? undefined : resolvePath(checkpoint),
  };
}

/** What train makes of the same settings, so that both mean and refuse the same. */
function trainOptionsOf(settings: Params['settings']) {
  const args = settingOptions().flatMap(({ name, flag, flagMeans }) => {
    const value = settings[name];
    if (value === undefined) return [];
    if (flagMeans !== null && typeof value === 'boolean') return value === flagMeans ? [flag] : [];
    return [`${flag}=${Array.isArray(value) ? value.join(',') : value}`];
  });
  try {
    return parseTrainOptions(args)!;
  } catch (error) {
    throw new UserError(`settings: ${(error as Error).message}`);
  }
}

/** The first error, where it is and what it is about. */
function inWords([error]: readonly ErrorObject[]): string {
  const { instancePath, message = '', params, keyword } = error!;
  const place = instancePath.slice(1).replaceAll('/', '.') || 'it';
  if (keyword === 'additionalProperties') return `${place} has no "${params.additionalProperty}"`;
  if (keyword === 'enum') return `${place} must be one of ${params.allowedValues.join(', ')}`;
  if (keyword === 'not') return 'it has both seed and seeds';
  return `${place} ${message}`;
}
