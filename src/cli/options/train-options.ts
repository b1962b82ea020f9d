import { type Command, Option, type OptionValues } from 'commander';
import { testViewKinds } from '../../data/test-views.ts';
import {
  type Experiment,
  type ExperimentSettings,
  experiments,
  mostSteps,
  netSpec,
} from '../../experiments/experiments.ts';
import type { HostOptions } from '../../hosts/host.ts';
import { UserError } from '../../hosts/user-error.ts';
import { layOut } from '../../nn/parameters.ts';
import { applyStateDict } from '../../train/state.ts';
import { lackingStatistic } from '../../train/state-dict-names.ts';
import { readWeights } from '../../train/weights-file.ts';
import { makeCommand, parse } from './command.ts';
import { readGivenFile } from './given-file.ts';
import { addHostAndBrowserOptions, hostOptionsOf } from './host-options.ts';
import { checkVariants, experimentFrom, netHelp, netOption } from './net-options.ts';
import { assignment, batchStatistics, number, wholeNumber, widths } from './numbers.ts';
import { optimizerFrom, optimizerNames } from './optimizer-options.ts';
import { path, paths } from './paths.ts';
import { addSettingOptions, checkSettings, withSettingFlags } from './setting-options.ts';

/** What `npm run train` was asked for. */
export interface TrainOptions {
  readonly experiment: Experiment;
  readonly settings: ExperimentSettings;
  readonly seeds: readonly number[];
  /** undefined: all cycles. */
  readonly steps: number | undefined;
  readonly shuffle: boolean;
  readonly init: Uint8Array<ArrayBuffer> | undefined;
  /** Paths of images to say the classes of, instead of training. */
  readonly predict: readonly string[] | undefined;
  readonly resume: string | undefined;
  readonly dataDir: string | undefined;
  readonly host: HostOptions;
  readonly out: string | undefined;
  /** Measure which kernel variants are fastest, where that is not known yet. */
  readonly tune: boolean;
  /** Forced variants by op. */
  readonly variants: Readonly<Record<string, string>>;
}

const experimentList = experiments.map(({ name, what }) => `  ${name.padEnd(16)}${what}`).join('\n');

/** The options of train. */
export function trainCommand(): Command {
  const command = makeCommand(
    'train',
    'Trains a net on CIFAR-10, or another data set, with WebGPU, in headless Chrome.',
  )
    .addOption(
      new Option('--experiment <name>', 'settings to start from, see below')
        .choices(experiments.map(({ name }) => name))
        .default('base'),
    )
    .addOption(
      new Option('--seeds <n>', 'train seeds 1 to n at once')
        .argParser(wholeNumber(1, 1024))
        .conflicts('seed'),
    )
    .option('--seed <s>', 'train this seed (default: 1)', wholeNumber(0))
    .option(
      '--steps <n>',
      'training steps (default: all cycles); 0 evaluates the initial weights',
      wholeNumber(0, mostSteps),
    )
    .option('--hidden <widths>', 'widths of the hidden layers, such as 50,50', widths)
    .addOption(netOption())
    .addOption(new Option('--optimizer <name>', 'optimizer').choices(optimizerNames))
    .option('--lambda <x>', 'weight of the L2 term, lambda times the sum of W squared', number(0, true))
    .option('--lr-max <x>', 'largest learning rate', number(0, false));
  return addHostAndBrowserOptions(addSettingOptions(command))
    .option(
      '--bn-stats <kind:n>',
      'after training, statistics of n samples replace the running ones: precise:10000 (of training images), adaptive:1000 (of test images), none',
      batchStatistics,
    )
    .option(
      '--init <file>',
      'start from these weights and running statistics (safetensors of a PyTorch state dict; F64, F32, F16 or BF16; names as in weights.safetensors or of a plain nn.Sequential)',
      path,
    )
    .addOption(
      new Option('--init-sigma <x>', 'standard deviation of the initial weights of all layers (default: He)')
        .argParser(number(0, false))
        .conflicts('init'),
    )
    .addOption(
      new Option(
        '--tta [views]',
        'also score with logits averaged over views of each image: flip (it and its mirror image), shift (both also moved by a pixel), none',
      )
        .choices([...testViewKinds, 'none'])
        .preset('flip'),
    )
    .option(
      '--predict <image...>',
      "instead of training, print what the net of --init takes these images for: PNGs of the data set's size, such as 32x32 pixels",
      paths,
    )
    .option('--no-shuffle', 'take the training images in file order')
    .option('--resume <dir>', 'go on with the run in this folder, from its last checkpoint', path)
    .option('--data <dir>', 'folder with the files of the data set (default: downloaded once)', path)
    .option(
      '--out <dir>',
      'folder for summary, metrics and weights (default: runs/<experiment>-<time>)',
      path,
    )
    .option('--no-tune', 'use the default kernel variants instead of those measured to be fastest')
    .option('--variant <op=name>', 'force a kernel variant, such as matmul=naive; repeatable', assignment)
    .addHelpText(
      'after',
      `
Experiments, with the course report's settings; every other option changes one of them:
${experimentList}

${netHelp}

Examples:
  npm run train                                       the base experiment, one seed
  npm run train -- --seeds 5 --out runs/base-5        five seeds in one go
  npm run train -- --hidden 100,50 --lambda 0.003     another net
  npm run train -- --net vgg-16-32-64                 a convolutional net
  npm run train -- --resume runs/base-5               go on after an interruption
  npm run train -- --init w.safetensors --predict cat.png
                                                      the likeliest classes of an image
  npm run train -- --init w.safetensors --steps 0 --bn-stats precise:10000
                                                      precise batch norm for a saved net`,
    );
}

/**
 * Parses the arguments of `npm run train`; undefined where help was asked for.
 * @throws UserError for a mistake.
 */
export function parseTrainOptions(args: readonly string[]): TrainOptions | undefined {
  const command = parse(trainCommand(), args);
  if (command === undefined) return undefined;
  const flags = command.opts();
  if (flags.resume !== undefined) refuseBesideResume(command);
  if (flags.predict !== undefined) refuseBesidePredict(command);
  const experiment = experimentFrom(flags);
  const settings = withFlags(experiment.settings, flags);
  checkSettings(settings);
  if (flags.predict !== undefined && flags.init === undefined) {
    throw new UserError('--predict needs the weights of a trained net: add --init weights.safetensors');
  }
  checkVariants(flags.variant ?? {});
  return {
    experiment,
    settings,
    seeds:
      flags.seeds === undefined ? [flags.seed ?? 1] : Array.from({ length: flags.seeds }, (_, i) => i + 1),
    steps: flags.steps,
    shuffle: flags.shuffle,
    init: flags.init === undefined ? undefined : readInit(flags.init, settings, flags.predict !== undefined),
    predict: flags.predict,
    resume: flags.resume,
    dataDir: flags.data,
    host: hostOptionsOf(flags),
    out: flags.out,
    tune: flags.tune,
    variants: flags.variant ?? {},
  };
}

/** With which data, and where. */
const placeOptions = ['data', 'host', 'adapter', 'browser', 'browserWs', 'pagePort'];

/** The first option that was given and is not one of these. */
function givenBeside(command: Command, allowed: readonly string[]): string | undefined {
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli' && !allowed.includes(name);
  return command.options.find((option) => isGiven(option.attributeName()))?.long;
}

/** A resumed run has its settings in the checkpoint. */
function refuseBesideResume(command: Command): void {
  const other = givenBeside(command, ['resume', 'out', ...placeOptions]);
  if (other !== undefined) {
    throw new UserError(`${other} cannot be changed with --resume: the run keeps its settings`);
  }
}

/** What a net says of an image depends on its shape, its weights and on how its training images were normalised. */
function refuseBesidePredict(command: Command): void {
  const net = ['predict', 'init', 'experiment', 'net', 'hidden', 'bn'];
  const other = givenBeside(command, [...net, 'dataset', 'normalisation', 'valSize', ...placeOptions]);
  if (other !== undefined) {
    throw new UserError(`${other} has no meaning with --predict, which trains nothing and writes no files`);
  }
}

function withFlags(settings: ExperimentSettings, flags: OptionValues): ExperimentSettings {
  const { optimizer } = flags as { optimizer?: string };
  return {
    ...withSettingFlags(settings, flags),
    hidden: flags.hidden ?? settings.hidden,
    optimizer: optimizerFrom(optimizer, settings.optimizer, flags),
    init: flags.initSigma === undefined ? settings.init : { sigma: flags.initSigma },
    lambda: flags.lambda ?? settings.lambda,
    lrMax: flags.lrMax ?? settings.lrMax,
    ...(flags.tta !== undefined && { testViews: flags.tta === 'none' ? undefined : flags.tta }),
    batchStatistics: flags.bnStats === 'none' ? null : (flags.bnStats ?? settings.batchStatistics),
  };
}

/** The file, once it is certain that it holds weights of this net; running statistics too where nothing makes them. */
function readInit(
  path: string,
  settings: ExperimentSettings,
  withStatistics: boolean,
): Uint8Array<ArrayBuffer> {
  const file = readGivenFile('--init', path);
  try {
    const layout = layOut(netSpec(settings));
    const parameters = new Float32Array(layout.parameterCount);
    const statistics = new Float32Array(layout.statisticCount);
    const weights = readWeights(file);
    requireNetOf(() => applyStateDict(layout, { parameters, statistics }, weights));
    const lacking = withStatistics ? lackingStatistic(layout, weights) : undefined;
    if (lacking === undefined) return file;
    throw new Error(`the weights lack the running statistic ${lacking}, which --predict needs`);
  } catch (error) {
    throw new UserError(`--init ${path}: ${(error as Error).message}`);
  }
}

/** @throws Error where the weights are not of the net, naming the options that choose another one */
function requireNetOf(apply: () => void): void {
  try {
    apply();
  } catch (error) {
    throw new Error(
      `${(error as Error).message}; --hidden, --bn or --net choose the net that weights are of`,
    );
  }
}
