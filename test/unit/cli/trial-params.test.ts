import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { metricLine, valuesOf } from '../../../src/cli/commands/trial-lines.ts';
import { parseTrainOptions } from '../../../src/cli/options/train-options.ts';
import { parseTrialParams } from '../../../src/cli/options/trial-params.ts';
import { settingOptions, trialSchema } from '../../../src/cli/options/trial-schema.ts';
import { trainSettings } from '../../../src/experiments/experiments.ts';

const parse = (params: object) => parseTrialParams(JSON.stringify(params));

test('settings are those of train', () => {
  const { id, settings, checkpoint } = parse({
    id: 'a',
    settings: {
      ...{ experiment: 'adam', hidden: [30, 20], lambda: 0.01, lrMax: 1e-3, bn: 'after-relu', flip: true },
      ...{ crop: 1, shuffle: false, valSize: 10_000, bnStats: 'precise:500' },
    },
    seeds: [3, 1],
    budget: { epochs: 2.5 },
  });
  const args =
    '--experiment adam --hidden 30,20 --lambda 0.01 --lr-max 1e-3 --bn after-relu --flip --crop 1 --no-shuffle --val-size 10000 --bn-stats precise:500';
  const train = parseTrainOptions(args.split(' '))!;
  expect(settings).toEqual(trainSettings(train.settings, { seeds: [3, 1], steps: 1000, shuffle: false }));
  expect([id, checkpoint]).toEqual(['a', undefined]);
});

test('seed 1 and all cycles where nothing is said; a flag may be false', () => {
  const { settings } = parse({ id: 'a', settings: { flip: false, shuffle: true } });
  const train = parseTrainOptions([])!;
  expect(settings).toEqual(trainSettings(train.settings, { seeds: [1], shuffle: true }));
});

test('every setting of train is one of a trial', () => {
  const names = settingOptions().map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['experiment', 'hidden', 'optimizer', 'lambda', 'lrMin', 'bn', 'flip']),
  );
  for (const other of ['seeds', 'steps', 'resume', 'out', 'data', 'browser', 'adapter', 'help', 'variant']) {
    expect(names).not.toContain(other);
  }
});

describe('refused in one line:', () => {
  test.each([
    ['{', /^the trial is not JSON: /],
    ['[]', /^the trial does not fit its schema: it must be object$/],
    ['{"id":"a"}', /schema: it must have required property 'settings'$/],
    ['{"id":"../a","settings":{}}', /schema: id must match pattern/],
    ['{"id":"a","settings":{"lamda":1}}', /schema: settings has no "lamda"$/],
    ['{"id":"a","settings":{"steps":1}}', /schema: settings has no "steps"$/],
    ['{"id":"a","settings":{"lambda":"x"}}', /schema: settings\.lambda must be number$/],
    ['{"id":"a","settings":{"optimizer":"none"}}', /schema: settings\.optimizer must be one of sgd, adam/],
    ['{"id":"a","settings":{},"seed":1,"seeds":[1]}', /schema: it has both seed and seeds$/],
    ['{"id":"a","settings":{},"seeds":[1,1]}', /schema: seeds must NOT have duplicate items/],
    ['{"id":"a","settings":{},"budget":{}}', /schema: budget must NOT have fewer than 1 properties$/],
    ['{"id":"a","settings":{},"budget":{"steps":0}}', /schema: budget\.steps must be >= 1$/],
    ['{"id":"a","settings":{"hidden":[1.5]}}', /^settings: --hidden must be widths/],
    ['{"id":"a","settings":{"lrMin":1}}', /^settings: --lr-min 1 is above --lr-max 0\.1/],
    ['{"id":"a","settings":{"valSize":0}}', /^settings\.valSize 0 leaves no images/],
  ])('%s', (text, message) => {
    expect(() => parseTrialParams(text)).toThrow(message);
    try {
      parseTrialParams(text);
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });
});

describe('the schema', () => {
  const validate = new Ajv({ allowUnionTypes: true }).compile(trialSchema());

  test('takes what goes in and what comes out, and nothing else', () => {
    const { settings } = parse({ id: 'a', settings: {}, seeds: [1, 2] });
    const validation = [
      { accuracy: 0.5, loss: 1 },
      { accuracy: 0.1, loss: Number.NaN },
    ];
    const metric = metricLine('a', settings, {
      type: 'validation',
      report: { step: 1, epoch: 0.1, validation },
    });
    expect(metric.validation).toEqual({ accuracy: null, loss: null });
    const lines = [
      { id: 'a', settings: { lambda: 1 } },
      metric,
      {
        ...{ type: 'result', id: 'a', status: 'pruned', step: 1, steps: 2, checkpoint: null, error: null },
        ...{ adapter: null, browser: null, planHash: null, dataHash: '', host: '', wallMs: 1 },
        values: valuesOf(settings, [
          { seed: 1, validationAccuracy: 0.5, validationLoss: 1, divergedAtStep: null },
          { seed: 2, validationAccuracy: null, validationLoss: null, divergedAtStep: 7 },
        ]),
      },
    ];
    for (const line of lines) {
      expect(validate(JSON.parse(JSON.stringify(line))), JSON.stringify(validate.errors)).toBe(true);
      expect(validate({ ...line, more: 1 })).toBe(false);
    }
  });
});
