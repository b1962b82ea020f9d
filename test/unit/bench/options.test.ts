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
