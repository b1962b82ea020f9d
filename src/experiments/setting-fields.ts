// Every setting of a training as one table of texts: the page's form and its links loop over it.

import { MAX_CROP_PIXELS, MAX_IMAGES } from '../data/sample-order.ts';
import { testViewKinds } from '../data/test-views.ts';
import { namedNetForms } from '../nn/named-nets.ts';
import { resolveNet } from '../nn/net.ts';
import { courseBatchNorm } from '../nn/net-spec.ts';
import { type OptimizerSpec, optimizerOf, optimizers } from '../optim/index.ts';
import { flagOf, optimizerOptions } from '../optim/options.ts';
import { type ExperimentSettings, netSpec } from './experiments.ts';
import {
  batchStatistics,
  fraction,
  InvalidValue,
  number,
  numberWithin,
  oneOf,
  share,
  wholeNumber,
  widths,
} from './setting-values.ts';

export const fieldGroups = ['Net', 'Optimiser', 'Regularisation', 'Data'] as const;

/** One setting. Its values are texts, those that `npm run train` takes for the option of this name. */
export interface SettingField {
  /** `lr-max`: the option without its dashes, and the key of a link. */
  readonly option: string;
  readonly label: string;
  readonly group: (typeof fieldGroups)[number];
  /** One sentence. */
  readonly help: string;
  /** A field for text, a choice, or `yes` and `no`. */
  readonly choices?: readonly string[];
  readonly isSwitch?: boolean;
  /** False where another setting leaves it without effect. Absent: it always has one. */
  isFor?(settings: ExperimentSettings): boolean;
  /** Which keyboard a telephone shows. */
  readonly inputMode?: 'numeric' | 'decimal';
  read(settings: ExperimentSettings): string;
  /** @throws InvalidValue where the text is no value */
  write(settings: ExperimentSettings, text: string): ExperimentSettings;
}

type NumberKey = {
  [K in keyof ExperimentSettings]-?: ExperimentSettings[K] extends number ? K : never;
}[keyof ExperimentSettings];

const numberText = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);

const numeric = (
  about: Pick<SettingField, 'option' | 'label' | 'group' | 'help'>,
  key: NumberKey,
  parse: (text: string) => number,
  inputMode: 'numeric' | 'decimal',
): SettingField => ({
  ...about,
  inputMode,
  read: (settings) => numberText(settings[key]),
  write: (settings, text) => ({ ...settings, [key]: parse(text.trim()) }),
});

export const capital = (text: string): string => text.replace(/^./, (letter) => letter.toUpperCase());

/** @throws InvalidValue where there is no such net, or it does not fit the images */
function withNet(settings: ExperimentSettings, net: string): ExperimentSettings {
  try {
    resolveNet(netSpec({ ...settings, net }));
    return { ...settings, net };
  } catch (error) {
    throw new InvalidValue(`cannot be trained: ${(error as Error).message}`);
  }
}

const batchNormChoices = ['before-relu', 'after-relu', 'none'] as const;
const optimizerChoices = optimizers.map(({ kind }) => kind);
const switchChoices = ['no', 'yes'] as const;
const flipChoices = [...switchChoices, 'alternating'] as const;

/** An option of some optimizers: empty where the optimizer does not have it, or leaves it alone. */
function optimizerField({ name, what, range, owners }: (typeof optimizerOptions)[number]): SettingField {
  const optionOf = (optimizer: OptimizerSpec) =>
    (optimizer as unknown as Readonly<Record<string, unknown>>)[name];
  const titles = owners.map(({ title }) => title).join(', ');
  const isFor = ({ optimizer }: ExperimentSettings) => owners.some(({ kind }) => kind === optimizer.kind);
  return {
    option: flagOf(name),
    label: capital(flagOf(name).replaceAll('-', ' ')),
    group: 'Optimiser',
    help: `${capital(what)} (${titles}).`,
    isFor,
    ...(range === undefined ? { isSwitch: true, choices: switchChoices } : { inputMode: 'decimal' as const }),
    read({ optimizer }) {
      const value = optionOf(optimizer);
      if (range === undefined) return value === true ? 'yes' : 'no';
      return value === undefined ? '' : numberText(value as number);
    },
    write(settings, text) {
      const isUnset = range === undefined ? oneOf(switchChoices)(text) === 'no' : text.trim() === '';
      if (!isUnset && !isFor(settings)) throw new InvalidValue(`is for ${titles}`);
      // What an optimizer cannot do without is its own value again.
      const value = isUnset
        ? optionOf(optimizerOf(settings.optimizer).defaults)
        : range === undefined || numberWithin(...range)(text.trim());
      const { [name]: _, ...others } = settings.optimizer as unknown as Record<string, unknown>;
      const optimizer = { ...others, ...(value !== undefined && { [name]: value }) };
      return { ...settings, optimizer: optimizer as unknown as OptimizerSpec };
    },
  };
}

/** A setting that may be absent: the empty text. */
const optional = <K extends 'lrPeak' | 'lrEnd' | 'cycleGrowth' | 'lookahead'>(
  about: Pick<SettingField, 'option' | 'label' | 'help'>,
  key: K,
  parse: (text: string) => number,
): SettingField => ({
  ...about,
  group: 'Optimiser',
  inputMode: 'decimal',
  read: (settings) => (settings[key] === undefined ? '' : numberText(settings[key])),
  write: (settings, text) => {
    const { [key]: _, ...others } = settings;
    return text.trim() === '' ? (others as ExperimentSettings) : { ...settings, [key]: parse(text.trim()) };
  },
});

/** A choice whose first value is that of a setting that is absent. */
const choiceField = (
  about: Pick<SettingField, 'option' | 'label' | 'group' | 'help'>,
  key: 'cropBorder' | 'normalisation' | 'testViews',
  choices: readonly [string, ...string[]],
): SettingField => ({
  ...about,
  choices,
  read: (settings) => settings[key] ?? choices[0],
  write: (settings, text) => {
    const { [key]: _, ...others } = settings;
    const value = oneOf(choices)(text);
    return value === choices[0] ? others : { ...others, [key]: value };
  },
});

export const borders = ['black', 'reflect'] as const;
export const normalisations = ['pixel', 'channel'] as const;

const isFullyConnected = ({ net }: ExperimentSettings): boolean => net === undefined;

export const settingFields: readonly SettingField[] = [
  {
    option: 'net',
    label: 'Convolutional net',
    group: 'Net',
    help: `Its name, such as vgg-16-32-64 (${namedNetForms.join(', ')}); empty for a fully connected net of the widths below.`,
    read: ({ net = '' }) => net,
    write: (settings, text) => {
      const { net: _, ...others } = settings;
      return text.trim() === '' ? others : withNet(settings, text.trim());
    },
  },
  {
    option: 'hidden',
    label: 'Hidden layers',
    group: 'Net',
    help: 'Widths of the hidden layers, such as 50,50.',
    isFor: isFullyConnected,
    read: ({ hidden }) => hidden.join(','),
    write: (settings, text) => ({ ...settings, hidden: widths(text) }),
  },
  {
    option: 'bn',
    label: 'Batch norm',
    group: 'Net',
    help: 'Where batch norm stands: before or after the ReLU, or not at all.',
    isFor: isFullyConnected,
    choices: batchNormChoices,
    read: ({ batchNorm }) => batchNorm?.order ?? 'none',
    write: (settings, text) => {
      const choice = oneOf(batchNormChoices)(text);
      const batchNorm =
        choice === 'none' ? null : { ...(settings.batchNorm ?? courseBatchNorm), order: choice };
      return { ...settings, batchNorm };
    },
  },
  {
    option: 'init-sigma',
    label: 'Initial weights',
    group: 'Net',
    help: "Standard deviation of the initial weights; he takes that of He et al., by layer, torch PyTorch's.",
    read: ({ init }) => (typeof init === 'string' ? init : numberText(init.sigma)),
    write: (settings, text) => ({
      ...settings,
      init:
        text === 'he' || text === 'xavier' || text === 'torch'
          ? text
          : { sigma: number(0, false)(text.trim()) },
    }),
  },
  {
    option: 'optimizer',
    label: 'Optimiser',
    group: 'Optimiser',
    help: 'How a gradient becomes an update.',
    choices: optimizerChoices,
    read: ({ optimizer }) => optimizer.kind,
    write: (settings, text) => {
      const kind = oneOf(optimizerChoices)(text);
      if (kind === settings.optimizer.kind) return settings;
      return { ...settings, optimizer: optimizerOf({ kind }).defaults };
    },
  },
  ...optimizerOptions.map(optimizerField),
  numeric(
    {
      option: 'lr-max',
      label: 'Largest learning rate',
      group: 'Optimiser',
      help: 'Reached in the middle of each cycle.',
    },
    'lrMax',
    number(0, false),
    'decimal',
  ),
  numeric(
    {
      option: 'lr-min',
      label: 'Smallest learning rate',
      group: 'Optimiser',
      help: 'At the start and the end of each cycle.',
    },
    'lrMin',
    number(0, true),
    'decimal',
  ),
  numeric(
    {
      option: 'cycle-steps',
      label: 'Steps of half a cycle',
      group: 'Optimiser',
      help: 'Steps from the smallest to the largest learning rate.',
    },
    'cycleSteps',
    wholeNumber(1, 1e7),
    'numeric',
  ),
  numeric(
    {
      option: 'cycles',
      label: 'Cycles',
      group: 'Optimiser',
      help: 'A cycle is twice the steps above: up and down again.',
    },
    'cycles',
    wholeNumber(1, 1e6),
    'numeric',
  ),
  numeric(
    {
      option: 'lr-decay',
      label: 'Decay by cycle',
      group: 'Optimiser',
      help: 'Factor on the largest learning rate after each cycle.',
    },
    'lrDecay',
    number(0, false),
    'decimal',
  ),
  optional(
    {
      option: 'lr-peak',
      label: 'Place of the largest rate',
      help: 'Part of a cycle behind which the rate falls, above 0 to below 1; empty: one half.',
    },
    'lrPeak',
    share,
  ),
  optional(
    {
      option: 'lr-end',
      label: 'Rate at the end of a cycle',
      help: 'As a part of the largest one; empty: the smallest rate.',
    },
    'lrEnd',
    numberWithin(0, 1),
  ),
  optional(
    {
      option: 'cycle-growth',
      label: 'Growth of cycles',
      help: 'Each cycle is so many times as long as the one before; empty: all alike.',
    },
    'cycleGrowth',
    wholeNumber(1, 100),
  ),
  optional(
    {
      option: 'lookahead',
      label: 'Lookahead',
      help: 'Every so many steps the parameters become a moving average of themselves; empty: never.',
    },
    'lookahead',
    wholeNumber(1, 1e6),
  ),
  numeric(
    { option: 'batch-size', label: 'Batch size', group: 'Optimiser', help: 'Images of a step.' },
    'batchSize',
    wholeNumber(1, MAX_IMAGES),
    'numeric',
  ),
  numeric(
    {
      option: 'lambda',
      label: 'Lambda',
      group: 'Regularisation',
      help: 'Weight of the L2 term: lambda times the sum of the squared weights.',
    },
    'lambda',
    number(0, true),
    'decimal',
  ),
  numeric(
    {
      option: 'label-smoothing',
      label: 'Label smoothing',
      group: 'Regularisation',
      help: 'Part of the target that all classes share, from 0 to below 1.',
    },
    'labelSmoothing',
    fraction,
    'decimal',
  ),
  {
    option: 'flip',
    label: 'Mirror images',
    group: 'Regularisation',
    help: 'Mirrors each training image with probability 1/2; alternating: in the first epoch, then in every other one.',
    choices: flipChoices,
    read: ({ flip }) => (typeof flip === 'string' ? flip : flip ? 'yes' : 'no'),
    write: (settings, text) => {
      const choice = oneOf(flipChoices)(text);
      return { ...settings, flip: choice === 'alternating' ? choice : choice === 'yes' };
    },
  },
  numeric(
    {
      option: 'crop',
      label: 'Random crops, pixels',
      group: 'Regularisation',
      help: 'Moves each training image by up to so many pixels.',
    },
    'cropPixels',
    wholeNumber(0, MAX_CROP_PIXELS),
    'numeric',
  ),
  choiceField(
    {
      option: 'crop-border',
      label: 'Border of moved images',
      group: 'Regularisation',
      help: 'What comes in at the border: black, or the image as in a mirror (convolutional nets).',
    },
    'cropBorder',
    borders,
  ),
  choiceField(
    {
      option: 'normalisation',
      label: 'Normalisation',
      group: 'Data',
      help: 'Mean and standard deviation of each pixel, or of each channel.',
    },
    'normalisation',
    normalisations,
  ),
  numeric(
    {
      option: 'val-size',
      label: 'Validation images',
      group: 'Data',
      help: 'Training images at the end that are kept for validation.',
    },
    'valSize',
    wholeNumber(0, MAX_IMAGES),
    'numeric',
  ),
  choiceField(
    {
      option: 'tta',
      label: 'Averaged test views',
      group: 'Data',
      help: 'Also scores the mean of the logits of an image and its mirror image (flip), or of both also moved by a pixel (shift).',
    },
    'testViews',
    ['none', ...testViewKinds],
  ),
  {
    option: 'bn-stats',
    label: 'Batch-norm statistics',
    group: 'Data',
    help: 'What replaces the running statistics after training: precise:10000 (training images), adaptive:1000 (test images) or none.',
    read: ({ batchStatistics: statistics }) =>
      statistics === null ? 'none' : `${statistics.kind}:${statistics.samples}`,
    write: (settings, text) => {
      const statistics = batchStatistics(text.trim());
      return { ...settings, batchStatistics: statistics === 'none' ? null : statistics };
    },
  },
];

/** What differs between two settings, as texts, in the table's order. */
export function settingDifferences(
  settings: ExperimentSettings,
  from: ExperimentSettings,
): readonly { readonly field: SettingField; readonly value: string; readonly instead: string }[] {
  return settingFields.flatMap((field) => {
    const [value, instead] = [field.read(settings), field.read(from)];
    return value === instead ? [] : [{ field, value, instead }];
  });
}
