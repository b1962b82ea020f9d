import { describe, expect, test, vi } from 'vitest';
import { parseSearchOptions, type SearchRequest } from '../../../src/cli/options/search-options.ts';
import { UserError } from '../../../src/hosts/user-error.ts';
import { optimizers } from '../../../src/optim/index.ts';

const optimizerKinds = optimizers.map(({ kind }) => kind);

const planOf = (...args: string[]) => (parseSearchOptions(args) as SearchRequest).plan;
const lambdas = ['--lambda', '1e-5..1e-1'];

describe('bad input is one line:', () => {
  test.for([
    ['nothing to search', [], /^there is nothing to search: give a range such as --lambda 1e-5\.\.1e-1/],
    ['one value of each', ['--lambda', '0.1', '--hidden', '50'], /^there is nothing to search/],
    [
      'a range the wrong way round',
      ['--lambda', '1..0.1'],
      /^--lambda must be a range from small to large, got "1\.\.0\.1"/,
    ],
    ['a range from 0', ['--lambda', '0..0.1'], /^--lambda must be numbers of at least 0.*or a range/],
    ['half a range', ['--lambda', '0.1..'], /^--lambda must be numbers/],
    ['three ends', ['--lambda', '1..2..3'], /^--lambda must be numbers/],
    ['a word', ['--lambda', 'small'], /^--lambda must be numbers.*, got "small"/],
    ['a rate of 0', ['--lr-max', '0,0.1'], /^--lr-max must be numbers above 0/],
    ['a value twice', ['--lambda', '0.1,0.1'], /^--lambda must name each value once, got "0\.1" twice/],
    [
      'a value in two notations',
      ['--lambda', '0.1,1e-1'],
      /^--lambda must name each value once, got "0\.1" twice/,
    ],
    [
      'a net in the syntax of train',
      ['--hidden', '50,50'],
      /^--hidden must name each value once.* a net of two layers is 50x50/,
    ],
    ['a width of 0', ['--hidden', '50,0'], /^--hidden must be widths such as 30,50,100 or nets/],
    ['an unfinished net', ['--hidden', '50x'], /^--hidden must be widths/],
    ['a net twice', ['--hidden', '50,50x50'], /^--hidden and --depth name the net 50x50 twice/],
    ['a depth for nets', ['--hidden', '50x50', '--depth', '2', ...lambdas], /^--depth is for widths/],
    ['a depth of 0', ['--depth', '0,1'], /^--depth must be whole numbers from 1 to 64/],
    [
      'an unknown optimizer',
      ['--optimizer', 'sgd,lion'],
      new RegExp(`^--optimizer must be names from ${optimizerKinds.join(', ')}, got "lion"`),
    ],
    [
      'an unknown method',
      [...lambdas, '--method', 'bayes'],
      /^--method bayes is unknown: allowed choices are grid, random/,
    ],
    ['a random search in lists', ['--lambda', '1,2', '--method', 'random'], /^--method random needs a range/],
    [
      'rounds of a grid',
      [...lambdas, '--method', 'grid', '--rounds', '3'],
      /^--rounds is for --method coarse-to-fine/,
    ],
    [
      'random numbers of a grid',
      ['--lambda', '1,2', '--search-seed', '3'],
      /^--search-seed is for samples that are drawn .*: a grid draws none$/,
    ],
    ['samples of lists', ['--lambda', '1,2', '--samples', '3'], /^--samples is for ranges/],
    [
      'nets of several families',
      ['--net', 'vgg-4-4-4,air-4-4-4'],
      /^--net vgg-4-4-4,air-4-4-4: nets of one family are searched together/,
    ],
    ['a net that there is not', ['--net', 'vgg-4-4-4,vgg-4'], /^--net vgg-4: there is no net "vgg-4"/],
    [
      'a net and widths',
      ['--net', 'vgg-4-4-4', '--hidden', '50'],
      /^option '--net <list>' cannot be used with option '--hidden <list>'/,
    ],
    ['one net alone', ['--net', 'vgg-4-4-4'], /^there is nothing to search/],
    ['a family that keeps no images', ['--net', 'air-4-4-4', ...lambdas], /^--val-size 0 leaves no images/],
    ['no validation split', [...lambdas, '--val-size', '0'], /^--val-size 0 leaves no images/],
    [
      'halving with averages',
      [...lambdas, '--net', 'air-4-4-4', '--val-size', '1000', '--halving'],
      /^--halving ranks before the end, .*: add --lookahead 0$/,
    ],
    [
      'halving after one cycle',
      [...lambdas, '--halving', '--cycles', '1'],
      /^--halving ranks after each cycle/,
    ],
    [
      'batch norm of one image',
      [...lambdas, '--batch-size', '1'],
      /^--batch-size 1 leaves batch norm one value/,
    ],
    ['rates the wrong way round', [...lambdas, '--lr-min', '1'], /^--lr-min 1 is above --lr-max 0\.1/],
    ['an unknown flag', ['--lamda', '1'], /unknown option '--lamda' \(Did you mean --lambda\?\)/],
  ] as const)('%s', ([, args, message]) => {
    const parse = () => parseSearchOptions(args);
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/\n/);
  });
});

test('a range alone: coarse to fine, the net and everything else of the experiment', () => {
  expect(planOf(...lambdas)).toMatchObject({
    nets: [[50, 50]],
    optimizers: [{ kind: 'sgd' }],
    space: { lambda: { kind: 'range', low: 1e-5, high: 0.1 }, lrMax: { kind: 'values', values: [0.1] } },
    method: 'coarse-to-fine',
    samples: 8,
    rounds: 2,
    seeds: [1],
    steps: 9000,
    settings: { lambda: 0.005, lrMax: 0.1 },
  });
});

test('the steps are all cycles, however long each is', () => {
  expect(planOf('--net', 'patch-4-10-50', ...lambdas, '--cycle-growth', '2').steps).toBe(11_200);
});

test('widths and depths multiply, nets are as they are', () => {
  expect(planOf('--hidden', '30, 50').nets).toEqual([
    [30, 30],
    [50, 50],
  ]);
  expect(planOf('--hidden', '30,50x20x10', '--depth', '1,3').nets).toEqual([
    [30],
    [30, 30, 30],
    [50, 20, 10],
  ]);
  expect(planOf('--depth', '1,2').nets).toEqual([[50], [50, 50]]);
  expect(planOf('--hidden', '30,50').method).toBe('grid');
});

test('rates are fractions of the largest', () => {
  expect(planOf('--lr-max', '0.01..0.5').settings.lrMax).toBe(0.5);
  expect(planOf('--lr-max', '0.3,0.2').settings.lrMax).toBe(0.3);
});

test('statistics of test images play no part', () => {
  expect(planOf('--experiment', 'adaptive-bn', ...lambdas).settings.batchStatistics).toBeNull();
});

test('the same search has the same folder, another search another', () => {
  const out = (...args: string[]) => parseSearchOptions([...lambdas, ...args])!.out;
  expect(out()).toBe(out('--rounds', '2'));
  expect(out('--seeds', '2')).not.toBe(out());
});

test('what train is told beside the candidate', () => {
  const args = [
    ...lambdas,
    '--flip',
    '--experiment',
    'adam',
    '--lr-min=1e-6',
    '--crop=1',
    '--cycles',
    '4',
    '--seeds',
    '2',
  ];
  expect((parseSearchOptions(args) as SearchRequest).sharedArguments).toEqual([
    '--flip',
    '--experiment',
    'adam',
    '--crop=1',
    '--cycles',
    '4',
  ]);
});

test.for([
  [['--flip', 'alternating', ...lambdas]],
  [['--flip=alternating', ...lambdas]],
  [[...lambdas, '--flip', '--crop', '2']],
  [[...lambdas, '--flip']],
] as const)('an option whose value may be missing: $0', ([args]) => {
  const shared = (parseSearchOptions(args) as SearchRequest).sharedArguments;
  expect(shared).toEqual(args.filter((word) => !lambdas.includes(word)));
});

test('--help teaches', () => {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  expect(parseSearchOptions(['--help'])).toBeUndefined();
  write.mockRestore();
  for (const word of ['--lambda', '--halving', '--flip', 'Examples:', 'test split is not used'])
    expect(text).toContain(word);
});

test('nets with a name are tried with the settings of their family', () => {
  const options = parseSearchOptions([
    ...['--net', 'vgg-16-32-64,vgg-32-64-64', '--lr-max', '0.02,0.05', '--flip'],
  ]) as SearchRequest;
  const { plan, sharedArguments, out } = options;
  expect(plan.nets).toEqual(['vgg-16-32-64', 'vgg-32-64-64']);
  expect(plan.settings).toMatchObject({ net: 'vgg-16-32-64', lrPeak: 0.25, labelSmoothing: 0.1 });
  expect(plan.optimizers).toEqual([plan.settings.optimizer]);
  expect(sharedArguments).toEqual(['--flip']);
  expect(out).toContain('search-vgg-16-32-64-');
});

test('samples are drawn with seed 1, or another', () => {
  expect(planOf(...lambdas).searchSeed).toBe(1);
  expect(planOf(...lambdas, '--search-seed', '3').searchSeed).toBe(3);
});
