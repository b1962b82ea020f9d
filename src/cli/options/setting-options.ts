// Options of train and search that say how a net is trained.
import { type Command, InvalidArgumentError, Option, type OptionValues } from 'commander';
import { MAX_CROP_PIXELS, MAX_IMAGES } from '../../data/sample-order.ts';
import type { ExperimentSettings } from '../../experiments/experiments.ts';
import { borders, normalisations } from '../../experiments/setting-fields.ts';
import { settingsConflict } from '../../experiments/settings-conflict.ts';
import { UserError } from '../../hosts/user-error.ts';
import { batchNormChoices, datasetOption, withBatchNorm } from './net-options.ts';
import { fraction, number, numberWithin, share, wholeNumber } from './numbers.ts';
import { addOptimizerOptions } from './optimizer-options.ts';

/** Adds the options of everything but the net, the optimizer, lambda and the largest learning rate: those a search varies. */
export function addSettingOptions(command: Command): Command {
  return addOptimizerOptions(command)
    .addOption(datasetOption())
    .option('--batch-size <n>', 'images of a step', wholeNumber(1, MAX_IMAGES))
    .option('--lr-min <x>', 'smallest learning rate', number(0, true))
    .option('--cycle-steps <n>', 'steps from the smallest to the largest learning rate', wholeNumber(1))
    .option('--cycles <n>', 'cycles, of twice --cycle-steps each', wholeNumber(1, 1e6))
    .option('--lr-decay <x>', 'factor on the largest learning rate after each cycle', number(0, false))
    .option('--lr-peak <x>', 'where in a cycle the largest learning rate stands (default: 0.5)', share)
    .option(
      '--lr-end <x>',
      'what the rate falls to, as a part of the largest (default: --lr-min)',
      numberWithin(0, 1),
    )
    .option('--cycle-growth <n>', 'each cycle is n times as long as the one before', wholeNumber(1, 100))
    .addOption(new Option('--bn <order>', 'batch norm').choices(batchNormChoices))
    .option(
      '--flip [how]',
      'mirror training images with probability 1/2; alternating: in the first epoch, then in every other one',
      flipKind,
    )
    .addOption(
      new Option(
        '--crop-border <what>',
        'what comes in at the border of moved images (reflect: convolutional nets)',
      ).choices(borders),
    )
    .addOption(
      new Option('--normalisation <by>', 'mean and deviation of each pixel or each channel').choices(
        normalisations,
      ),
    )
    .option(
      '--crop <n>',
      'move training images by up to n pixels in x and y, at random; what comes in is black',
      wholeNumber(0, MAX_CROP_PIXELS),
    )
    .option(
      '--label-smoothing <x>',
      'train towards (1 - x) of the label and x of all classes alike; the training loss is then that cost, validation and test losses are plain cross-entropy',
      fraction,
    )
    .option(
      '--lookahead <n>',
      'every n steps the parameters become a moving average of themselves (Lookahead), not in a run of fewer steps; 0: never',
      wholeNumber(0, 1e6),
    )
    .option(
      '--val-size <n>',
      'training images at the end that are kept for validation',
      wholeNumber(0, MAX_IMAGES),
    );
}

/** `--flip`, `--flip alternating`. */
function flipKind(text: string): 'alternating' {
  if (text === 'alternating') return text;
  throw new InvalidArgumentError(`takes nothing or "alternating", got "${text}"`);
}

/** The settings as those options change them. @throws UserError for one that would change nothing */
export function withSettingFlags(settings: ExperimentSettings, flags: OptionValues): ExperimentSettings {
  if (flags.cropBorder !== undefined && flags.crop === undefined && settings.cropPixels === 0) {
    throw new UserError('--crop-border is for images that are moved, and none are: add --crop');
  }
  return {
    ...settings,
    ...(flags.dataset !== undefined && { dataset: flags.dataset }),
    batchSize: flags.batchSize ?? settings.batchSize,
    lrMin: flags.lrMin ?? settings.lrMin,
    cycleSteps: flags.cycleSteps ?? settings.cycleSteps,
    cycles: flags.cycles ?? settings.cycles,
    lrDecay: flags.lrDecay ?? settings.lrDecay,
    ...(flags.lrPeak !== undefined && { lrPeak: flags.lrPeak }),
    ...(flags.lrEnd !== undefined && { lrEnd: flags.lrEnd }),
    ...(flags.cycleGrowth !== undefined && { cycleGrowth: flags.cycleGrowth }),
    ...(flags.cropBorder !== undefined && { cropBorder: flags.cropBorder }),
    ...(flags.lookahead !== undefined && { lookahead: flags.lookahead }),
    ...(flags.normalisation !== undefined && { normalisation: flags.normalisation }),
    batchNorm: withBatchNorm(settings.batchNorm, flags.bn),
    flip: flags.flip ?? settings.flip,
    cropPixels: flags.crop ?? settings.cropPixels,
    labelSmoothing: flags.labelSmoothing ?? settings.labelSmoothing,
    valSize: flags.valSize ?? settings.valSize,
  };
}

/** Whether settings go together. @throws UserError where they do not */
export function checkSettings(settings: ExperimentSettings): void {
  const conflict = settingsConflict(settings, (option) => `--${option}`);
  if (conflict !== undefined) throw new UserError(conflict.message);
}
