import { expect, test } from 'vitest';
import { parseBenchOptions } from '../../../bench/options.ts';
import { UserError } from '../../../src/hosts/user-error.ts';

test('a threshold is one against a baseline', () => {
  expect(parseBenchOptions([])).toMatchObject({ baseline: undefined, threshold: 0.05 });
  const against = ['--baseline', 'results.json'];
  expect(parseBenchOptions(against)).toMatchObject({ threshold: 0.05 });
  expect(parseBenchOptions([...against, '--threshold', '0.2'])).toMatchObject({ threshold: 0.2 });
  const alone = () => parseBenchOptions(['--threshold', '0.2']);
  expect(alone).toThrow(UserError);
  expect(alone).toThrow(/^--threshold is a slow-down against the run of --baseline: name one$/);
});

test.each([
  ['--net', 'air-24-48-48'],
  ['--variant', 'matmul=naive'],
])('%s is for the suites that have it, and chooses those', (option, value) => {
  const chosen = [option, value];
  expect(parseBenchOptions(chosen)).toMatchObject({ suites: ['kernels', 'train'] });
  expect(parseBenchOptions([...chosen, '--suite', 'train'])).toMatchObject({ suites: ['train'] });
  for (const suite of ['peers', 'start', 'page']) {
    expect(() => parseBenchOptions([...chosen, '--suite', suite])).toThrow(
      new UserError(
        `${option} chooses among kernels and steps of training: use it with --suite kernels or train`,
      ),
    );
  }
});
