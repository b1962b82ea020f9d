import { datasetOf } from '../data/datasets/index.ts';
import { splitImages } from '../data/record-set.ts';
import { lackingOption } from '../optim/options.ts';
import { type ExperimentSettings, mostSteps, netSpec, stepsOfCycles } from './experiments.ts';

/** Settings that do not go together. */
export interface SettingsConflict {
  /** The setting to change first, by its option's name. */
  readonly option: string;
  readonly message: string;
}

/**
 * Why these settings do not go together; undefined where they do. `nameOf` says how a setting is called where the message is read: `--lr-min`
 * on the command line, its label on the page.
 */
export function settingsConflict(
  settings: ExperimentSettings,
  nameOf: (option: string) => string,
): SettingsConflict | undefined {
  const { hidden, batchSize, valSize, lrMin, lrMax, batchNorm, batchStatistics: statistics } = settings;
  const dataset = datasetOf(settings);
  const training = splitImages(dataset, 'train') - valSize;
  const conflict = (option: string, rest: string) => ({ option, message: `${nameOf(option)} ${rest}` });
  if (training <= 0) {
    return conflict('val-size', `${valSize} leaves none of ${dataset.title}'s training images to train on`);
  }
  if (batchSize > training) {
    return conflict(
      'batch-size',
      `${batchSize} is more than the ${training} training images that ${nameOf('val-size')} leaves`,
    );
  }
  if (batchSize < 2 && settings.net === undefined && batchNorm !== null && hidden.length > 0) {
    return conflict(
      'batch-size',
      `${batchSize} leaves batch norm one value per channel, which has no variance: take 2 or more, or train without batch norm`,
    );
  }
  if (statistics !== null) {
    const { kind, samples } = statistics;
    if (!netSpec(settings).layers.some((layer) => layer.kind === 'batch-norm')) {
      const without = settings.net ?? `${nameOf('bn')} none`;
      return conflict('bn-stats', `${kind} needs batch norm, ${without} has none`);
    }
    const images = kind === 'precise' ? training : splitImages(dataset, 'test');
    if (samples > images) {
      const split =
        kind === 'precise' ? `training images that ${nameOf('val-size')} ${valSize} leaves` : 'test images';
      return conflict('bn-stats', `${kind}:${samples} is more than the ${images} ${split}`);
    }
  }
  if (settings.cropBorder === 'reflect' && settings.net === undefined) {
    return conflict(
      'crop-border',
      'reflect is for convolutional nets: the gather of fully connected ones has black borders',
    );
  }
  if (settings.testViews === 'shift' && settings.net === undefined) {
    return conflict(
      'tta',
      'cannot be shift without a convolutional net: the gather of fully connected ones has black borders',
    );
  }
  const lacking = lackingOption(settings.optimizer);
  if (lacking !== undefined) {
    return conflict(lacking.option, `needs ${nameOf(lacking.needs)}, such as ${lacking.suchAs}`);
  }
  const steps = stepsOfCycles(settings);
  if (!(steps <= mostSteps)) {
    return conflict('cycles', `${settings.cycles} are ${steps} steps: there may be ${mostSteps}`);
  }
  if (lrMin > lrMax) return conflict('lr-min', `${lrMin} is above ${nameOf('lr-max')} ${lrMax}`);
  const lowest = lrMax * Math.min(1, settings.lrDecay) ** (settings.cycles - 1);
  if (lowest < lrMin) {
    return conflict(
      'lr-decay',
      `${settings.lrDecay} brings the largest rate of the last cycle to ${lowest.toExponential(1)}, below ${nameOf('lr-min')} ${lrMin}`,
    );
  }
  return undefined;
}
