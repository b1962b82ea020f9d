import { describe, expect, test, vi } from 'vitest';
import { parseTrainOptions } from '../../../src/cli/options/train-options.ts';
import { datasets } from '../../../src/data/datasets/index.ts';
import { trainSettings } from '../../../src/experiments/experiments.ts';
import { UserError } from '../../../src/hosts/user-error.ts';

const datasetNames = datasets.map(({ name }) => name);

describe('bad input is one line:', () => {
  test.for([
    ['an unknown flag', ['--stepz', '3'], /unknown option '--stepz' \(Did you mean --steps\?\)/],
    [
      'a word for a number',
      ['--cycle-steps', 'abc'],
      /^--cycle-steps must be a whole number of at least 1, got "abc"/,
    ],
    ['half a number', ['--steps', '1.5'], /^--steps must be a whole number from 0 to 4000000, got "1.5"/],
    ['nothing for a number', ['--lambda', ''], /^--lambda must be a number of at least 0, got ""/],
    ['infinity', ['--lr-max', 'Infinity'], /^--lr-max must be a number above 0, got "Infinity"/],
    ['a negative number', ['--lambda', '-1'], /^--lambda must be a number of at least 0, got "-1"/],
    ['a learning rate of 0', ['--lr-max', '0'], /^--lr-max must be a number above 0, got "0"/],
    ['rates the wrong way round', ['--lr-min', '1', '--lr-max', '0.5'], /^--lr-min 1 is above --lr-max 0.5/],
    [
      'a decay that turns cycles over',
      ['--lr-min', '1e-3', '--lr-decay', '0.01', '--cycles', '3'],
      /^--lr-decay 0\.01 brings the largest rate of the last cycle to 1\.0e-5, below --lr-min 0\.001/,
    ],
    [
      'a width of 0',
      ['--hidden', '50,0'],
      /^--hidden must be widths of hidden layers such as 50,50, got "50,0"/,
    ],
    [
      'a width of nothing',
      ['--hidden', '50,'],
      /^--hidden must be widths of hidden layers such as 50,50, got "50,"/,
    ],
    ['an unknown experiment', ['--experiment', 'deep'], /^--experiment deep is unknown: allowed.*base.*wide/],
    [
      'an unknown order',
      ['--bn', 'both'],
      /^--bn both is unknown: allowed choices are before-relu, after-relu, none/,
    ],
    ['two ways to give seeds', ['--seeds', '2', '--seed', '1'], /--seeds.*cannot be used with.*--seed/],
    ['no seeds', ['--seeds', '0'], /^--seeds must be a whole number from 1 to 1024, got "0"/],
    ['an extra argument', ['now'], /too many arguments/],
    [
      'a validation split that is too large',
      ['--val-size', '49901'],
      /^--batch-size 100 is more than the 99 training images that --val-size leaves$/,
    ],
    [
      'a batch beyond the training split',
      ['--batch-size', '1000', '--val-size', '49500'],
      /^--batch-size 1000 is more/,
    ],
    [
      'a missing --init',
      ['--init', '/nowhere/w.safetensors'],
      /^--init \/nowhere\/w\.safetensors: .*no such file/,
    ],
    ['an unknown variant', ['--variant', 'matmul=fast'], /matmul has naive, .*quad-/],
    [
      'a variant of an unknown op',
      ['--variant', 'dropout=naive'],
      /there is no op "dropout", there are gather, gather-/,
    ],
    [
      'a net that there is not',
      ['--net', 'vgg-16-32'],
      /--net vgg-16-32: there is no net "vgg-16-32": names are patch-/,
    ],
    [
      'a net whose patches do not fit',
      ['--net', 'patch-64-10-50'],
      /--net patch-64-10-50: .*nothing is left/,
    ],
    ['a net and widths', ['--net', 'vgg-16-32-64', '--hidden', '50'], /cannot be used with/],
    [
      'a variant without a name',
      ['--variant', 'matmul'],
      /^--variant must be like matmul=naive, got "matmul"/,
    ],
    [
      'settings beside --resume',
      ['--resume', '/tmp', '--lambda', '1'],
      /^--lambda cannot be changed with --resume/,
    ],
    [
      'training beside --predict',
      ['--predict', 'cat.png', '--init', 'w.safetensors', '--lambda', '1'],
      /^--lambda has no meaning with --predict, which trains nothing and writes no files$/,
    ],
    ['a folder beside --predict', ['--predict', 'cat.png', '--out', 'a'], /^--out has no meaning with --pre/],
    [
      'seeds beside --predict',
      ['--predict', 'cat.png', '--seeds', '2'],
      /^--seeds has no meaning with --pre/,
    ],
    [
      'steps beside --predict',
      ['--predict', 'cat.png', '--steps', '0'],
      /^--steps has no meaning with --pre/,
    ],
    [
      "another optimizer's option",
      ['--b2', '0.9'],
      /^--b2 belongs to adam, adamw and rmsprop, not to sgd: see --optimizer$/,
    ],
    [
      'statistics of an unknown kind',
      ['--bn-stats', 'exact:100'],
      /^--bn-stats must be precise:10000, adaptive:1000 or none, got "exact:100"/,
    ],
    ['statistics of one sample', ['--bn-stats', 'precise:1'], /^--bn-stats must name at least 2 samples/],
    [
      'more samples than the training split has',
      ['--bn-stats', 'precise:45001'],
      /^--bn-stats precise:45001 is more than the 45000 training images that --val-size 5000 leaves$/,
    ],
    [
      'more samples than the test split has',
      ['--bn-stats', 'adaptive:10001'],
      /^--bn-stats adaptive:10001 is more than the 10000 test images$/,
    ],
    [
      'batch norm of one image',
      ['--batch-size', '1'],
      /^--batch-size 1 leaves batch norm one value per channel, which has no variance: take 2 or more,/,
    ],
    [
      'statistics without batch norm',
      ['--bn-stats', 'precise', '--bn', 'none'],
      /^--bn-stats precise needs batch norm/,
    ],
    [
      'a label smoothing of 1',
      ['--label-smoothing', '1'],
      /^--label-smoothing must be a number from 0 to below 1, got "1"/,
    ],
    [
      'cycles without end',
      ['--cycle-growth', '100', '--cycles', '1000'],
      /^--cycles 1000 are Infinity steps: there may be 4000000/,
    ],
    ['Nesterov without momentum', ['--nesterov'], /^--nesterov needs --momentum, such as/],
    [
      'a border of images that are not moved',
      ['--crop-border', 'black'],
      /^--crop-border is for images that are moved, and none are: add --crop$/,
    ],
    ['a crop of half the image', ['--crop', '16'], /^--crop must be a whole number from 0 to 15, got "16"/],
    ['initial weights of no size', ['--init-sigma', '0'], /^--init-sigma must be a number above 0, got "0"/],
    [
      'two ways to give initial weights',
      ['--init-sigma', '1', '--init', 'w.safetensors'],
      /--init-sigma.*cannot be used with.*--init /,
    ],
    [
      'all images for validation',
      ['--val-size', '50000'],
      /^--val-size 50000 leaves none of CIFAR-10's training images/,
    ],
    [
      'a data set that there is not',
      ['--dataset', 'mnist'],
      new RegExp(`^--dataset mnist is unknown: allowed choices are ${datasetNames.join(', ')} `),
    ],
    [
      'a browser and another host',
      ['--browser', 'firefox', '--host', 'node'],
      /^--browser firefox and --host node/,
    ],
  ] as const)('%s', ([, args, message]) => {
    const parse = () => parseTrainOptions(args);
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/\n/);
  });
});

test('without flags it is the base experiment with seed 1', () => {
  const options = parseTrainOptions([])!;
  expect(options.experiment.name).toBe('base');
  expect(options.seeds).toEqual([1]);
  expect(options.shuffle).toBe(true);
  expect(options.settings).toMatchObject({
    hidden: [50, 50],
    batchSize: 100,
    lambda: 0.005,
    lrMin: 1e-5,
    lrMax: 0.1,
    cycleSteps: 2250,
    cycles: 2,
    lrDecay: 1,
    valSize: 5000,
    flip: false,
  });
});

test('another data set gives the net its input and its classes', () => {
  const { settings } = parseTrainOptions(['--dataset', 'cifar100', '--hidden', '20'])!;
  expect(settings.dataset).toBe('cifar100');
  expect(trainSettings(settings, { seeds: [1], shuffle: true })).toMatchObject({
    dataset: 'cifar100',
    net: { classes: 100, input: { channels: 3, height: 32, width: 32 } },
  });
});

test('without batch norm a step may have one image', () => {
  expect(parseTrainOptions(['--batch-size', '1', '--bn', 'none'])!.settings.batchSize).toBe(1);
});

test('a flag changes its setting and nothing else', () => {
  const base = parseTrainOptions([])!.settings;
  expect(parseTrainOptions(['--lambda', '1e-3', '--flip'])!.settings).toEqual({
    ...base,
    lambda: 0.001,
    flip: true,
  });
  expect(parseTrainOptions(['--crop', '1', '--label-smoothing', '0.05'])!.settings).toEqual({
    ...base,
    cropPixels: 1,
    labelSmoothing: 0.05,
  });
  expect(parseTrainOptions(['--bn', 'none'])!.settings).toEqual({ ...base, batchNorm: null });
  expect(parseTrainOptions(['--init-sigma', '1e-3'])!.settings).toEqual({ ...base, init: { sigma: 0.001 } });
  expect(parseTrainOptions(['--optimizer', 'adam'])!.settings.optimizer).toMatchObject({
    kind: 'adam',
    b1: 0.9,
  });
  expect(parseTrainOptions(['--hidden', '20, 10'])!.settings.hidden).toEqual([20, 10]);
});

test('statistics that replace the running ones', () => {
  const statisticsOf = (...args: string[]) => parseTrainOptions(args)!.settings.batchStatistics;
  expect(statisticsOf()).toBeNull();
  expect(statisticsOf('--bn-stats', 'precise:45000')).toEqual({ kind: 'precise', samples: 45_000 });
  expect(statisticsOf('--bn-stats', 'adaptive')).toEqual({ kind: 'adaptive', samples: 1000 });
  expect(statisticsOf('--experiment', 'precise-bn')).toEqual({ kind: 'precise', samples: 10_000 });
  expect(statisticsOf('--experiment', 'precise-bn', '--bn-stats', 'none')).toBeNull();
});

test('--seeds 3 are seeds 1 to 3, --seed 3 is one', () => {
  expect(parseTrainOptions(['--seeds', '3'])!.seeds).toEqual([1, 2, 3]);
  expect(parseTrainOptions(['--seed', '3'])!.seeds).toEqual([3]);
});

test('--help teaches', () => {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  expect(parseTrainOptions(['--help'])).toBeUndefined();
  write.mockRestore();
  for (const word of ['--experiment', '--seeds', '--resume', 'Examples:', 'bn-after-relu'])
    expect(text).toContain(word);
});
