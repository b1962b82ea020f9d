import { describe, expect, test, vi } from 'vitest';
import { randomWeights } from '../../../src/cli/commands/gradcheck-case.ts';
import { conclusion, listing } from '../../../src/cli/commands/gradcheck-listing.ts';
import { parseGradcheckOptions } from '../../../src/cli/options/gradcheck-options.ts';
import { UserError } from '../../../src/hosts/user-error.ts';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import type { GradientLine } from '../../../src/reference/gradient-report.ts';
import { fullyConnected } from '../../fully-connected.ts';

describe('bad input is one line:', () => {
  test.for([
    ['an unknown flag', ['--layers', '3'], /unknown option '--layers'/],
    [
      'a batch of one image',
      ['--batch-size', '1'],
      /^--batch-size 1 leaves batch norm one value per channel,/,
    ],
    ['no image', ['--batch-size', '0'], /^--batch-size must be a whole number from 1 to 1000,/],
    ['no entries', ['--entries', '0'], /^--entries must be a whole number of at least 1, got "0"/],
    ['an unknown order', ['--bn', 'both'], /^--bn both is unknown: allowed choices are before-relu,/],
    ['an unknown variant', ['--variant', 'matmul=fast'], /matmul has naive, .*quad-/],
    [
      'a browser and another host',
      ['--browser', 'firefox', '--host', 'node'],
      /^--browser firefox and --host node/,
    ],
    ['smoothing of 1', ['--label-smoothing', '1'], /^--label-smoothing must be a number from 0 to below 1/],
  ] as const)('%s', ([, args, message]) => {
    const parse = () => parseGradcheckOptions(args);
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/\n/);
  });
});

describe('options', () => {
  test('a net whose batches are large is checked on a smaller one', () => {
    expect(parseGradcheckOptions(['--net', 'air-4-4-4'])!.settings.batchSize).toBe(100);
    expect(parseGradcheckOptions(['--net', 'air-4-4-4', '--batch-size', '20'])!.settings.batchSize).toBe(20);
  });

  test('without flags it is the base net with seed 1', () => {
    const options = parseGradcheckOptions([])!;
    expect(options).toMatchObject({ seed: 1, entries: 20, json: false });
    expect(options.settings).toMatchObject({ hidden: [50, 50], batchSize: 100, lambda: 0.005 });
    expect(options.settings.batchNorm).toEqual(courseBatchNorm);
  });

  test('a flag changes its setting', () => {
    const args = ['--experiment', 'wide', '--bn', 'none', '--lambda', '0', '--label-smoothing', '0.1'];
    const { settings } = parseGradcheckOptions(args)!;
    expect(settings).toMatchObject({ batchNorm: null, lambda: 0, labelSmoothing: 0.1, valSize: 1000 });
    expect(settings.hidden).toHaveLength(9);
  });

  test('--help teaches', () => {
    let text = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    expect(parseGradcheckOptions(['--help'])).toBeUndefined();
    write.mockRestore();
    for (const word of ['--entries', 'numeric', 'kink', 'exit status', 'Examples:'])
      expect(text).toContain(word);
  });
});

const noImages = { values: [], channels: 3, height: 2, width: 2 };

test('biases, gamma and beta hide no mistake: none is 0 or 1; each draw has its own', () => {
  const net = fullyConnected({ inputs: 12, hidden: [6], classes: 4, batchNorm: courseBatchNorm });
  const [first, again, second] = [0, 0, 1].map((draw) => randomWeights(net, noImages, 1, draw));
  expect(again).toEqual(first);
  for (const [i, { name, data }] of first!.entries()) {
    expect([...data].filter((value) => value === 0 || value === 1)).toEqual([]);
    const isSame = data.every((value, j) => value === second![i]!.data[j]);
    expect(isSame, name).toBe(name.endsWith('linear.weight'));
  }
});

const line = (changes: Partial<GradientLine>): GradientLine => ({
  layer: 0,
  parameter: 'W',
  name: `layers.${changes.layer ?? 0}.linear.weight`,
  compared: 'numeric',
  size: 153_600,
  entries: 20,
  kinks: 0,
  mean: 0.001234,
  std: 0.02,
  meanDifference: 1e-10,
  stdDifference: 0,
  maxDifference: 2e-9,
  limit: 1e-7,
  verdict: 'ok',
  ...changes,
});
const gpuLine = (changes: Partial<GradientLine>): GradientLine =>
  line({ compared: 'GPU', entries: 153_600, limit: 3e-7, ...changes });

describe('the listing', () => {
  test('names layer and parameter once', () => {
    const lines = [
      line({ kinks: 2 }),
      gpuLine({}),
      line({ layer: 1 }),
      gpuLine({ layer: 1, maxDifference: Number.POSITIVE_INFINITY, verdict: 'wrong' }),
    ];
    expect(listing(lines).split('\n').slice(1)).toEqual([
      'layers.0 W     numeric  20 of 153600    1.23e-3    2.00e-2   1.00e-10          0    2.00e-9    1.00e-7  ok  (2 more at kinks)',
      '               GPU            153600    1.23e-3    2.00e-2   1.00e-10          0    2.00e-9    3.00e-7  ok',
      'layers.1 W     numeric  20 of 153600    1.23e-3    2.00e-2   1.00e-10          0    2.00e-9    1.00e-7  ok',
      '               GPU            153600    1.23e-3    2.00e-2   1.00e-10          0 not finite    3.00e-7  wrong',
    ]);
  });

  test('ends with what is wrong', () => {
    const sound = [line({}), gpuLine({}), line({ layer: 1 }), gpuLine({ layer: 1 })];
    expect(conclusion(sound)).toBe('passed: 2 tensors');
    expect(conclusion([...sound.slice(0, 3), gpuLine({ verdict: 'wrong' })])).toBe(
      'FAILED: 1 of 2 gradients of the GPU differ from the reference',
    );
    expect(conclusion([line({ verdict: 'wrong' }), gpuLine({ verdict: 'unclear' })])).toMatch(
      /^FAILED: 1 of 1 analytic gradients differ from central differences; 1 of 1 bounds are too wide/,
    );
  });
});
