import { Option } from 'commander';
import { type ExperimentSettings, experiments } from '../../experiments/experiments.ts';
import type { HostOptions } from '../../hosts/host.ts';
import { resolvePath } from '../../hosts/project-root.ts';
import { makeCommand, parse } from './command.ts';
import { addHostAndBrowserOptions, hostOptionsOf } from './host-options.ts';
import {
  batchNormChoices,
  checkVariants,
  datasetOption,
  experimentFrom,
  netHelp,
  netOption,
  withBatchNorm,
} from './net-options.ts';
import { assignment, fraction, number, wholeNumber, widths } from './numbers.ts';
import { path } from './paths.ts';
import { checkSettings } from './setting-options.ts';

/** What `npm run gradcheck` was asked for. */
export interface GradcheckOptions {
  readonly settings: ExperimentSettings;
  readonly seed: number;
  /** Entries of each tensor that central differences are taken of. */
  readonly entries: number;
  readonly json: boolean;
  readonly dataDir: string | undefined;
  readonly host: HostOptions;
  /** Forced variants by op. */
  readonly variants: Readonly<Record<string, string>>;
}

const command = () =>
  addHostAndBrowserOptions(
    makeCommand('gradcheck', 'Checks the gradients of a net, layer by layer, as the course report does.'),
  )
    .addOption(
      new Option('--experiment <name>', 'whose net to check')
        .choices(experiments.map(({ name }) => name))
        .default('base'),
    )
    .option('--hidden <widths>', 'widths of the hidden layers, such as 50,50', widths)
    .addOption(netOption())
    .addOption(datasetOption())
    .addOption(new Option('--bn <order>', 'batch norm').choices(batchNormChoices))
    .option('--batch-size <n>', 'images of the batch', wholeNumber(1, 1000))
    .option('--lambda <x>', 'weight of the L2 term, lambda times the sum of W squared', number(0, true))
    .option('--label-smoothing <x>', 'share of all classes alike in the targets', fraction)
    .option('--seed <s>', 'of the weights, the images and the entries', wholeNumber(0), 1)
    .option('--entries <n>', 'entries of each tensor for central differences', wholeNumber(1), 20)
    .option('--variant <op=name>', 'force a kernel variant, such as matmul=naive; repeatable', assignment)
    .option('--data <dir>', 'folder with the files of the data set (default: downloaded once)', path)
    .option('--json', 'print JSON instead of the listing')
    .addHelpText(
      'after',
      `
${netHelp}

The gradients are those of the first step of npm run train: its images, its shapes, the default kernel variants
unless others are forced. Biases, gamma and beta are random, since 0 and 1 would hide mistakes.
Two lines for each tensor:

  numeric   float64 gradients of the cost (L2 term included) against central differences, for --entries
            random entries: all 153,600 weights of the first layer would take hours. Entries whose difference
            crosses the kink of a ReLU are replaced by others and counted. The limit is 1e-7.
  GPU       float32 gradients of the loss from the GPU against the float64 ones, every entry. The limit is
            measured: how far rounding in every sum can move the float64 gradients of this very batch.

mean and std are of the float64 gradients; then differences of mean and std, the largest difference, its
limit and the verdict: ok, wrong, or unclear (ReLUs switch within rounding; try another --seed).
The exit status is 0 where every line is ok, otherwise 1, and 2 for bad input.

Examples:
  npm run gradcheck                                    the base net
  npm run gradcheck -- --bn after-relu                 batch norm behind the ReLU
  npm run gradcheck -- --experiment wide --entries 5   ten layers, in less time
  npm run gradcheck -- --variant matmul=naive --json   other kernels, for scripts`,
    );

/** Parses the arguments; undefined where help was asked for. @throws UserError for a mistake */
/** Images of the batch, at most: the float64 passes of a convolutional net take seconds for so many. */
const usualBatch = 100;

export function parseGradcheckOptions(args: readonly string[]): GradcheckOptions | undefined {
  const parsed = parse(command(), args);
  if (parsed === undefined) return undefined;
  const flags = parsed.opts();
  checkVariants(flags.variant ?? {});
  const { settings: whole } = experimentFrom(flags);
  const settings = {
    ...whole,
    ...(flags.dataset !== undefined && { dataset: flags.dataset }),
    hidden: flags.hidden ?? whole.hidden,
    batchNorm: withBatchNorm(whole.batchNorm, flags.bn),
    batchSize: flags.batchSize ?? Math.min(whole.batchSize, usualBatch),
    lambda: flags.lambda ?? whole.lambda,
    labelSmoothing: flags.labelSmoothing ?? whole.labelSmoothing,
    // Augmentation and statistics after training have no gradients.
    flip: false,
    cropPixels: 0,
    batchStatistics: null,
  };
  checkSettings(settings);
  return {
    settings,
    seed: flags.seed,
    entries: flags.entries,
    json: flags.json ?? false,
    dataDir: flags.data === undefined ? undefined : resolvePath(flags.data),
    host: hostOptionsOf(flags),
    variants: flags.variant ?? {},
  };
}
