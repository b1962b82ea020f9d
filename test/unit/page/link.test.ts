import { describe, expect, test } from 'vitest';
import { parseTrainOptions } from '../../../src/cli/options/train-options.ts';
import { settingFields } from '../../../src/experiments/setting-fields.ts';
import {
  emptyForm,
  type Form,
  familyDifferences,
  formOfRun,
  readForm,
  startingPoints,
  textOf,
  withText,
} from '../../../src/page/model/form.ts';
import { formOfLink, linkOf } from '../../../src/page/model/link.ts';

/** A value of each setting that no starting point has. */
const other: Readonly<Record<string, string>> = {
  hidden: '70,30',
  bn: 'none',
  'init-sigma': '0.03',
  optimizer: 'adam',
  'lr-max': '0.0321',
  'lr-min': '0.000012',
  'cycle-steps': '77',
  cycles: '3',
  'lr-decay': '0.9',
  'batch-size': '128',
  lambda: '0.00123',
  'label-smoothing': '0.15',
  flip: 'alternating',
  crop: '3',
  'val-size': '7000',
  'bn-stats': 'precise:500',
  momentum: '0.8',
  nesterov: 'yes',
  'weight-decay': '0.002',
  b1: '0.8',
  b2: '0.99',
  net: 'patch-4-10-50',
  'lr-peak': '0.25',
  'lr-end': '0.07',
  'cycle-growth': '2',
  lookahead: '7',
  'crop-border': 'reflect',
  normalisation: 'channel',
  tta: 'shift',
};

/** A starting point whose optimizer has the setting. */
const startOf = (option: string): string => (option === 'b1' || option === 'b2' ? 'adam' : 'base');

test('what does nothing without something else is said; a convolutional net may have batches of one image', () => {
  const { problems } = readForm(withText(emptyForm('base'), 'nesterov', 'yes'));
  expect(problems).toEqual({ nesterov: 'Nesterov needs Momentum, such as 0.9' });
  const both = withText(withText(emptyForm('base'), 'nesterov', 'yes'), 'momentum', '0.9');
  expect(readForm(both).problems).toEqual({});
  const one = withText(withText(emptyForm('base'), 'net', 'patch-4-10-50'), 'batch-size', '1');
  expect(readForm(one).problems).toEqual({});
  expect(readForm(withText(emptyForm('base'), 'batch-size', '1')).problems).toHaveProperty('batch-size');
});

test('views that are moved are for convolutional nets, and a net of the list averages those that its family does', () => {
  const shifted = withText(emptyForm('base'), 'tta', 'shift');
  expect(readForm(shifted).problems).toEqual({
    tta: 'Averaged test views cannot be shift without a convolutional net: the gather of fully connected ones has black borders',
  });
  expect(readForm(withText(shifted, 'net', 'patch-4-10-50'))).toMatchObject({
    problems: {},
    train: { testViews: 'shift' },
  });
  expect(readForm(withText(emptyForm('base'), 'tta', 'flip')).problems).toEqual({});
  const air = emptyForm('air-24-48-48');
  expect(readForm(air).train.testViews).toBe('flip');
  expect(readForm(withText(air, 'tta', 'none')).train).not.toHaveProperty('testViews');
});

test('fields refuse what the GPU cannot hold, and what only looks like a number', () => {
  const problemOf = (option: string, text: string) =>
    readForm(withText(emptyForm('base'), option, text)).problems[option]?.replace(/, got .*/, '');
  expect(problemOf('lambda', '1e39')).toBe('must be a number of at most 3.4e38');
  expect(problemOf('lr-max', '1e999')).toBe('must be a number of at most 3.4e38');
  expect(problemOf('lr-max', '1e-60')).toBe('must be a number above 0');
  expect(problemOf('lambda', '3.4e38')).toBeUndefined();
  for (const text of ['0x10', '1_000', 'Infinity', '1e', '.', '1 2'])
    expect(problemOf('lambda', text), text).toBe('must be a number of at least 0');
  for (const text of ['.5', '5.', '+1e-3', ' 0.1 ']) expect(problemOf('lambda', text), text).toBeUndefined();
  expect(problemOf('momentum', '0x0')).toMatch(/^must be a number from 0 to 1/);
});

test('widths stand between commas, with spaces around them or none', () => {
  const read = (text: string) => readForm(withText(emptyForm('base'), 'hidden', text));
  expect(read(' 50 , 30').settings.hidden).toEqual([50, 30]);
  for (const text of ['50 50', '50, 3 0', '5\t0'])
    expect(read(text).problems.hidden, text).toMatch(/^must be widths of hidden layers such as 50,50/);
  expect(formOfLink('hidden=50+50').refused).toEqual([
    expect.stringMatching(/^“hidden” must be widths.*“50 50”$/),
  ]);
});

test('a run of no steps trains nothing, and an emptied option of an optimizer is its usual one', () => {
  expect(readForm({ ...emptyForm(), steps: '0' }).problems.steps).toMatch(
    /^must be a whole number from 1 to/,
  );
  expect(formOfLink('steps=0').refused).toHaveLength(1);
  expect(readForm(withText(emptyForm('adam'), 'b1', '')).settings.optimizer).toMatchObject({ b1: 0.9 });
});

test('another optimizer takes none of the options of the one before', () => {
  const form = withText(
    withText(withText(emptyForm('base'), 'optimizer', 'adam'), 'b1', '0.8'),
    'optimizer',
    'sgd',
  );
  expect(form).toEqual(emptyForm('base'));
  expect(readForm(withText(emptyForm('base'), 'b1', '0.8')).problems.b1).toBe('is for Adam, AdamW');
});

describe('a net with a name', () => {
  const offered = (form: Form) => familyDifferences(form, readForm(form));

  test('is a starting point: what the command line trains it with', () => {
    for (const net of ['vgg-8-16-32', 'air-16-16-16', 'patch-8-5-20', 'vgg-16-32-64']) {
      const { settings, problems } = readForm(emptyForm(net));
      expect(settings).toEqual(parseTrainOptions(['--net', net])!.settings);
      expect(problems).toEqual({});
      const form = withText({ ...emptyForm(net), seeds: '2' }, 'lambda', '0.01');
      expect(linkOf(form)).toBe(`v=1&e=${net}&seeds=2&lambda=0.01`);
      expect(formOfLink(linkOf(form))).toEqual({ form, refused: [] });
      const run = { ...readForm(form), experiment: net, kernels: 'default' } as const;
      expect(formOfRun(run)).toEqual(form);
    }
  });

  test('beside other settings than its family’s is told in how many they differ, of those that have an effect', () => {
    // From base: optimizer's three options, four of the rate, two of the cycles, initial weights, lambda, smoothing, flips, crops, normalisation,
    // validation images. Its batch norm is its own.
    const named = withText(emptyForm('base'), 'net', 'vgg-8-16-32');
    expect(offered(named)).toBe(15);
    expect(offered(withText(named, 'lambda', '0'))).toBe(14);
    expect(offered(withText(emptyForm('vgg-16-32-64'), 'net', 'vgg-8-16-32'))).toBe(0);
    expect(offered(withText(withText(emptyForm('vgg-16-32-64'), 'net', 'vgg-8-16-32'), 'lambda', '1'))).toBe(
      1,
    );
  });

  test('that the form starts from, that is no net, or that there is none, is told nothing', () => {
    expect(offered(withText(emptyForm('vgg-8-16-32'), 'lambda', '1'))).toBe(0);
    expect(offered(withText(withText(emptyForm('vgg-8-16-32'), 'lambda', '1'), 'net', 'vgg-8'))).toBe(0);
    expect(offered(withText(withText(emptyForm('vgg-8-16-32'), 'net', 'vgg-8'), 'lambda', '1'))).toBe(0);
    expect(offered(emptyForm('adam'))).toBe(0);
  });
});

describe('a link', () => {
  test.each(settingFields.map(({ option }) => option))('carries %s there and back', (option) => {
    const form = withText(emptyForm(startOf(option)), option, other[option]!);
    const { form: back, refused } = formOfLink(linkOf(form));
    expect(refused).toEqual([]);
    expect(linkOf(form)).toContain(`${option}=`);
    expect(readForm(back)).toEqual(readForm(form));
    expect(textOf(back, option)).not.toBe(textOf(emptyForm(startOf(option)), option));
  });

  test('to an optimizer that the experiment does not have carries its options', () => {
    const form = withText(withText(emptyForm('base'), 'optimizer', 'adam'), 'b1', '0.8');
    expect(formOfLink(linkOf(form))).toEqual({ form, refused: [] });
  });

  test.each(startingPoints.map(({ id }) => id))('to %s says only its name', (id) => {
    expect(linkOf(emptyForm(id))).toBe(`v=1&e=${id}`);
    expect(readForm(formOfLink(`v=1&e=${id}`).form)).toEqual(readForm(emptyForm(id)));
  });

  test('carries seeds, steps and the order', () => {
    const form: Form = { ...emptyForm('adam'), seeds: '5', steps: '300', shuffle: false };
    expect(linkOf(form)).toBe('v=1&e=adam&seeds=5&steps=300&shuffle=no');
    expect(formOfLink(linkOf(form))).toEqual({ form, refused: [] });
  });

  test('carries every part of a form but the kernels, which are a matter of the device', () => {
    const form: Form = {
      start: 'adam',
      texts: { hidden: '70,30', lambda: '0.00123' },
      seeds: '5',
      steps: '300',
      shuffle: false,
      usesTuned: true,
      variants: { sgd: 'vec4' },
    };
    expect(Object.keys(form).sort()).toEqual(Object.keys(emptyForm()).sort());
    const { form: back, refused } = formOfLink(linkOf(form));
    expect(back).toEqual({ ...form, usesTuned: false, variants: {} });
    expect(refused).toEqual([]);
  });

  test.each([
    ['a prototype key', '__proto__=1&constructor=2&toString=3', 3],
    ['an unknown experiment', 'e=hasOwnProperty', 1],
    ['a net without its widths', 'e=vgg-8-16', 1],
    ['a net that does not fit the images', 'e=patch-33-10-50', 1],
    ['a net of no width', 'e=vgg-0-16-32', 1],
    ['a net with something behind it', 'e=vgg-8-16-32%3Cscript%3E', 1],
    ['a prototype key for a net', 'e=__proto__', 1],
    ['a very long net', `e=vgg${'-8'.repeat(5000)}`, 1],
    ['a word for a number', 'lambda=abc', 1],
    ['infinity', 'lr-max=1e999', 1],
    ['a script', 'hidden=%3Cscript%3E', 1],
    ['too many seeds', 'seeds=1000000', 1],
    ['a long value', `hidden=${'5,'.repeat(500)}5`, 1],
    ['a key twice', 'lambda=0.1&lambda=0.2', 1],
    ['another version', 'v=2', 1],
  ])('with %s is harmless, and says so', (_, query, problems) => {
    const { form, refused } = formOfLink(query);
    expect(refused).toHaveLength(problems);
    expect(readForm(form).problems).toEqual({});
    expect(Object.keys(form.texts).every((key) => settingFields.some(({ option }) => option === key))).toBe(
      true,
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('a run’s form trains the run’s settings, with its seeds, order, steps and kernels', () => {
    for (const steps of ['', '300']) {
      const form: Form = {
        start: 'adam',
        texts: { hidden: '70,30', lambda: '0.00123' },
        seeds: '5',
        steps,
        shuffle: false,
        usesTuned: true,
        variants: { sgd: 'vec4' },
      };
      const run = {
        ...readForm(form),
        experiment: 'adam',
        kernels: 'measured',
        forced: form.variants,
      } as const;
      expect(formOfRun(run)).toEqual(form);
      const { forced: _, ...older } = run;
      expect(formOfRun({ ...older, kernels: 'default' })).toEqual({
        ...form,
        usesTuned: false,
        variants: {},
      });
      // Of other settings than the page has.
      expect(formOfRun({ ...run, settings: null })).toEqual({
        ...emptyForm(),
        usesTuned: true,
        variants: form.variants,
      });
    }
  });

  test('with too many seeds trains as many as the page can', () => {
    expect(formOfLink('seeds=1000').form.seeds).toBe('10');
  });
});
