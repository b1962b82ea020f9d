// The form of the Train view as data: where it starts, what was changed, whether that can be trained.
import {
  type ExperimentSettings,
  experiments,
  mostSteps,
  trainSettings,
} from '../../experiments/experiments.ts';
import { namedNetExperiment } from '../../experiments/named-net-settings.ts';
import { capital, settingDifferences, settingFields } from '../../experiments/setting-fields.ts';
import { InvalidValue, wholeNumber } from '../../experiments/setting-values.ts';
import { settingsConflict } from '../../experiments/settings-conflict.ts';
import { flagOf, optimizerOptions } from '../../optim/options.ts';
import type { TrainSettings } from '../../train/settings.ts';
import type { RunRecord } from './run-record.ts';

/** Settings that a form can start from. */
export interface StartingPoint {
  /** `adam`, `adam-tuned`, `quick-look`: in links and in the list of runs. */
  readonly id: string;
  readonly label: string;
  readonly what: string;
  readonly settings: ExperimentSettings;
}

const base = experiments.find(({ name }) => name === 'base')!;

export const startingPoints: readonly StartingPoint[] = [
  {
    id: 'quick-look',
    label: 'Quick look',
    what: 'the base net for two epochs, one short cycle: seconds on a GPU',
    settings: { ...base.settings, cycleSteps: 450, cycles: 1 },
  },
  ...experiments.map(({ name, what, settings }) => ({ id: name, label: name, what, settings })),
  ...experiments.flatMap(({ name, tuned }) =>
    tuned === undefined
      ? []
      : [
          {
            id: `${name}-tuned`,
            label: `${name}, tuned`,
            what: 'what our own search found on the validation images',
            settings: tuned,
          },
        ],
  ),
  // Their own settings, as `npm run train -- --net` has them: those of a fully connected net would not do.
  ...[
    { net: 'patch-4-10-50', what: 'filters on patches of 4×4 pixels, a hidden layer of 50' },
    { net: 'vgg-16-32-64', what: 'a small convolutional net: 3×3 filters, batch norm, flips and crops' },
    { net: 'air-24-48-48', what: 'airbench94 with fewer filters: whitening, GELU, lookahead; for a GPU' },
  ].map(({ net, what }) => ({ id: net, label: net, what, settings: namedNetExperiment(net).settings })),
];

/** Nets that were asked for by name; undefined: there is no such net. */
const nets = new Map<string, StartingPoint | undefined>();

function netNamed(id: string): StartingPoint | undefined {
  if (!nets.has(id)) {
    try {
      const { what, settings } = namedNetExperiment(id);
      nets.set(id, { id, label: id, what: `${what}, with the settings of its family`, settings });
    } catch {
      nets.set(id, undefined);
    }
  }
  return nets.get(id);
}

/** One of the list, or any net by its name; base where there is none with this id. */
export const startingPoint = (id: string): StartingPoint =>
  startingPoints.find((each) => each.id === id) ??
  netNamed(id) ??
  startingPoints.find((each) => each.id === 'base')!;

export const mostSeeds = 10;

/** What stands in the form. */
export interface Form {
  /** Id of the starting point. */
  readonly start: string;
  /** Texts of settings that were touched, by option. */
  readonly texts: Readonly<Record<string, string>>;
  readonly seeds: string;
  /** Empty: all cycles. */
  readonly steps: string;
  readonly shuffle: boolean;
  /** Use the kernel variants that were measured on this adapter. */
  readonly usesTuned: boolean;
  /** Forced variants by op. */
  readonly variants: Readonly<Record<string, string>>;
}

export const emptyForm = (start = 'base'): Form => ({
  start,
  texts: {},
  seeds: '1',
  steps: '',
  shuffle: true,
  usesTuned: false,
  variants: {},
});

/** A form as it would be trained. */
export interface ReadForm {
  readonly settings: ExperimentSettings;
  readonly train: TrainSettings;
  /** What is wrong, by option (`seeds` and `steps` too). Empty: it can be trained. */
  readonly problems: Readonly<Record<string, string>>;
}

export function readForm(form: Form): ReadForm {
  const problems: Record<string, string> = {};
  const attempt = <T>(option: string, read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      problems[option] = error.message;
      return otherwise;
    }
  };
  let { settings } = startingPoint(form.start);
  for (const field of settingFields) {
    const text = Object.hasOwn(form.texts, field.option) ? form.texts[field.option] : undefined;
    if (text === undefined) continue;
    const before = settings;
    settings = attempt(field.option, () => field.write(before, text), before);
  }
  const seeds = attempt('seeds', () => wholeNumber(1, mostSeeds)(form.seeds.trim()), 1);
  const steps =
    form.steps.trim() === ''
      ? undefined
      : attempt('steps', () => wholeNumber(1, mostSteps)(form.steps.trim()), undefined);
  const conflict = settingsConflict(settings, labelOf);
  if (conflict !== undefined) problems[conflict.option] ??= conflict.message;
  const train = trainSettings(settings, {
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    steps,
    shuffle: form.shuffle,
    reportSteps: 10,
  });
  return { settings, train, problems };
}

/** How a setting is called on the page: `seeds` and `steps` too. */
export const labelOf = (option: string): string =>
  settingFields.find((field) => field.option === option)?.label ?? capital(option);

/** The text of a setting as the form has it. */
export function textOf(form: Form, option: string): string {
  if (Object.hasOwn(form.texts, option)) return form.texts[option]!;
  return usualText(form, option);
}

/** The text of a setting at the form's starting point. */
export function usualText(form: Form, option: string): string {
  const field = settingFields.find((each) => each.option === option)!;
  return field.read(startingPoint(form.start).settings);
}

export const isChanged = (form: Form, option: string): boolean =>
  textOf(form, option) !== usualText(form, option);

/** In how many settings the net that the form names is trained differently than its family. A form that starts from that net has changed them itself. */
export function familyDifferences(form: Form, { settings }: ReadForm): number {
  const { net, hidden, batchNorm } = settings;
  if (net === undefined || net === form.start) return 0;
  // These are of fully connected nets.
  return settingDifferences(settings, { ...startingPoint(net).settings, hidden, batchNorm }).length;
}

/** How many of the settings that are no setting of the net are changed. */
export const runChanges = ({ steps, shuffle, variants }: Form): number =>
  Number(steps !== '') + Number(!shuffle) + Object.keys(variants).length;

/**
 * The form with another text; one that is back at its starting point is no change. Another optimizer begins with its own options: those of the one
 * before may be none of its.
 */
export function withText(form: Form, option: string, text: string): Form {
  const texts: Record<string, string> = { ...form.texts };
  delete texts[option];
  if (option === 'optimizer') for (const { name } of optimizerOptions) delete texts[flagOf(name)];
  return text === usualText(form, option)
    ? { ...form, texts }
    : { ...form, texts: { ...texts, [option]: text } };
}

/** A form that trains what a run has trained, from its starting point, with its kernels. Where its settings are not known, those of base. */
export function formOfRun({
  settings,
  experiment,
  train: { replicas, shuffle, steps },
  kernels,
  forced = {},
}: Pick<RunRecord, 'settings' | 'experiment' | 'train' | 'kernels' | 'forced'>): Form {
  const how = { usesTuned: kernels === 'measured', variants: forced };
  if (settings === null) return { ...emptyForm(), ...how };
  const seeds = String(Math.min(replicas.length, mostSeeds));
  let form: Form = { ...emptyForm(startingPoint(experiment).id), seeds, shuffle, ...how };
  for (const field of settingFields) form = withText(form, field.option, field.read(settings));
  return readForm(form).train.steps === steps ? form : { ...form, steps: String(steps) };
}

/** `matmul = naive, sgd = vec4`: forced variants in words. */
export const variantsText = (variants: Form['variants']): string =>
  Object.entries(variants)
    .map((pair) => pair.join(' = '))
    .sort()
    .join(', ');

/** Two trainings that differ in nothing but what they report. */
export function differences(a: Form, b: Form): string[] {
  const [x, y] = [readForm(a), readForm(b)];
  const changed = settingFields
    .filter((field) => field.read(x.settings) !== field.read(y.settings))
    .map(({ label }) => label);
  if (a.seeds.trim() !== b.seeds.trim()) changed.push('Seeds');
  // All cycles of one and of the other are told by these.
  if (x.train.steps !== y.train.steps && a.steps.trim() + b.steps.trim() !== '') changed.push('Steps');
  if (a.shuffle !== b.shuffle) changed.push('New order each epoch');
  if (a.usesTuned !== b.usesTuned) changed.push('Measured kernels');
  if (variantsText(a.variants) !== variantsText(b.variants)) changed.push('Forced variants');
  return changed;
}
