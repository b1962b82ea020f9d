import { Option } from 'commander';
import { datasetOf, datasets, defaultDataset } from '../../data/datasets/index.ts';
import { type Experiment, type ExperimentSettings, experiments } from '../../experiments/experiments.ts';
import { namedNetExperiment } from '../../experiments/named-net-settings.ts';
import { UserError } from '../../hosts/user-error.ts';
import { kernels, variantNames } from '../../kernels/index.ts';
import { isForcedBy } from '../../kernels/variant-choice.ts';
import { netFamilies } from '../../nn/named-nets.ts';
import { courseBatchNorm } from '../../nn/net-spec.ts';

// What the options of several commands mean.

/** Choices of `--bn`. */
export const batchNormChoices = ['before-relu', 'after-relu', 'none'] as const;

/** Batch norm as `--bn` changes it. */
export function withBatchNorm(
  batchNorm: ExperimentSettings['batchNorm'],
  choice: (typeof batchNormChoices)[number] | undefined,
): ExperimentSettings['batchNorm'] {
  if (choice === undefined) return batchNorm;
  return choice === 'none' ? null : { ...(batchNorm ?? courseBatchNorm), order: choice };
}

/** `--dataset cifar100` */
export const datasetOption = () =>
  new Option('--dataset <name>', `data set (default: ${defaultDataset.name})`).choices(
    datasets.map(({ name }) => name),
  );

/** `--net vgg-16-32-64` */
export const netOption = () =>
  new Option('--net <name>', 'a convolutional net, with the settings of its family, see below').conflicts([
    'hidden',
    'bn',
    'experiment',
  ]);

/** The names of nets, for `--help`. */
export const netHelp = [
  'Nets with a name (--net):',
  ...netFamilies.map(
    ({ name, numbers, what }) =>
      `  ${name}-${numbers.map((number) => `<${number}>`).join('-')}`.padEnd(44) + what,
  ),
].join('\n');

/** What `--experiment` or `--net` names. @throws UserError for a net that there is not */
export function experimentFrom(flags: {
  readonly net?: string;
  readonly experiment?: string;
  readonly dataset?: string;
}): Experiment {
  if (flags.net === undefined) return experiments.find(({ name }) => name === flags.experiment)!;
  try {
    return namedNetExperiment(flags.net, datasetOf(flags));
  } catch (error) {
    throw new UserError(`--net ${flags.net}: ${(error as Error).message}`);
  }
}

/** @throws UserError where `--variant` names an op or a variant that there is not */
export function checkVariants(variants: Readonly<Record<string, string>>): void {
  for (const [op, name] of Object.entries(variants)) {
    const names = variantNames(op);
    if (names.length === 0) {
      throw new UserError(
        `--variant ${op}=${name}: there is no op "${op}", there are ${kernels.map((k) => k.op).join(', ')}`,
      );
    }
    if (!names.includes(name)) throw new UserError(`--variant ${op}=${name}: ${op} has ${names.join(', ')}`);
  }
}

/** What there is to say of forced variants that no call of a step with these ops takes: a line each. */
export const withoutCalls = (
  variants: Readonly<Record<string, string>>,
  ops: readonly string[],
): readonly string[] =>
  Object.entries(variants)
    .filter(([key]) => !ops.some((op) => isForcedBy(op, key)))
    .map(([key, name]) => `warning: --variant ${key}=${name}: a training step of this net has no ${key}`);
