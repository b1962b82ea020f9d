import { experiments, mostSteps } from '../../experiments/experiments.ts';
import { trainCommand } from './train-options.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Options of train that say where and how long, not what is trained: a trial has its own. */
const notSettings = new Set([
  ...['help', 'seeds', 'seed', 'steps', 'init', 'resume', 'data', 'out', 'tune', 'variant', 'predict'],
  ...['browser', 'browserWs', 'pagePort', 'host', 'adapter'],
]);

/** An option of train that is a setting of a trial, under its name in camel case. */
export interface SettingOption {
  readonly name: string;
  readonly flag: string;
  /** The flag alone is given where the value is this; null where the value comes behind it. */
  readonly flagMeans: boolean | null;
  readonly schema: Schema;
}

/** Every setting that train has is one of a trial, too. */
export function settingOptions(): SettingOption[] {
  return trainCommand()
    .options.filter((option) => !notSettings.has(option.attributeName()))
    .map((option) => {
      const name = option.attributeName();
      const isFlag = !option.required && !option.optional;
      const value = isFlag ? undefined : valueSchema(name, option.argChoices);
      const flagOr = option.optional ? [{ type: 'boolean' }, value] : undefined;
      const type = isFlag ? { type: 'boolean' } : flagOr ? { anyOf: flagOr } : value!;
      return {
        name,
        flag: option.long!,
        flagMeans: isFlag || option.optional ? !option.negate : null,
        schema: { ...type, description: option.description },
      };
    });
}

/** As far as it can be said here; the parser of train's options says the rest. */
function valueSchema(name: string, choices: readonly string[] | undefined): Schema {
  if (choices !== undefined) return { enum: choices };
  const usual = (experiments[0]!.settings as unknown as Readonly<Record<string, unknown>>)[name];
  if (typeof usual === 'number') return { type: 'number' };
  if (Array.isArray(usual)) return { type: 'array', items: { type: 'number' }, minItems: 1 };
  return { type: ['number', 'string'] };
}

const seed = { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 };
const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const numberOrNull = { type: ['number', 'null'] };
const textOrNull = { type: ['string', 'null'] };
const replica = { seed, lambda: { type: 'number' }, rateScale: { type: 'number' } };

/** An object that has exactly these properties. */
const exactly = (properties: Schema, description?: string): Schema => ({
  type: 'object',
  ...(description && { description }),
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** What a trial is given, as JSON Schema (draft-07). */
export const paramsSchema = (): Schema => ({
  type: 'object',
  description: 'what npm run trial reads from standard input or --params FILE',
  properties: {
    id: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
      description: 'comes back in every line; names the default folder, runs/trial-<id>',
    },
    settings: {
      type: 'object',
      description: 'the options of npm run train by their names; what is missing is that of the experiment',
      properties: Object.fromEntries(settingOptions().map(({ name, schema }) => [name, schema])),
      additionalProperties: false,
    },
    seed: {
      ...seed,
      description: 'of initial weights, sample order and augmentation; 1 where none is given',
    },
    seeds: {
      type: 'array',
      items: seed,
      minItems: 1,
      maxItems: 1024,
      uniqueItems: true,
      description: 'instead of seed: trained at once, scored by their mean',
    },
    budget: {
      type: 'object',
      description: 'how long to train; all cycles where it is missing',
      properties: {
        steps: { type: 'integer', minimum: 1, maximum: mostSteps },
        epochs: { type: 'number', exclusiveMinimum: 0 },
      },
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: false,
    },
    checkpoint: {
      type: ['string', 'null'],
      minLength: 1,
      description: 'the checkpoint of an earlier result of the same settings and seeds, to go on from',
    },
  },
  required: ['id', 'settings'],
  not: { type: 'object', required: ['seed', 'seeds'] },
  additionalProperties: false,
});

const metricSchema: Schema = exactly(
  {
    type: { const: 'metric' },
    id: { type: 'string' },
    step: { type: 'integer' },
    epoch: { type: 'number' },
    validation: exactly({ accuracy: numberOrNull, loss: numberOrNull }, 'means over the replicas'),
    perReplica: {
      type: 'array',
      items: exactly({ ...replica, accuracy: numberOrNull, loss: numberOrNull }),
    },
  },
  'printed after each epoch and at the end; null is what is not finite',
);

const resultSchema: Schema = exactly(
  {
    type: { const: 'result' },
    id: { type: 'string' },
    status: { enum: ['complete', 'pruned', 'failed'] },
    step: { type: 'integer', description: 'steps done' },
    steps: { type: ['integer', 'null'], description: 'steps asked for' },
    values: nullable(
      exactly({
        validationAccuracy: { ...numberOrNull, description: 'mean over the replicas' },
        validationLoss: numberOrNull,
        perReplica: {
          type: 'array',
          items: exactly({
            ...replica,
            validationAccuracy: numberOrNull,
            validationLoss: numberOrNull,
            divergedAtStep: { type: ['integer', 'null'] },
          }),
        },
      }),
    ),
    checkpoint: { ...textOrNull, description: 'where it goes on: the checkpoint of the next trial' },
    error: textOrNull,
    adapter: textOrNull,
    browser: textOrNull,
    planHash: {
      ...textOrNull,
      description:
        'of settings, kernel variants and source text; the same on one adapter and browser: the same bits',
    },
    dataHash: { type: 'string' },
    host: { type: 'string' },
    wallMs: { type: 'integer' },
  },
  'the last line',
);

/** Everything that goes in and comes out. `params` is what the command checks its input with. */
export const trialSchema = (): Schema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'npm run trial',
  oneOf: [
    { $ref: '#/definitions/params' },
    { $ref: '#/definitions/metric' },
    { $ref: '#/definitions/result' },
  ],
  definitions: { params: paramsSchema(), metric: metricSchema, result: resultSchema },
});
