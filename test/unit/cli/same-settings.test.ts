import { expect, test } from 'vitest';
import { requireSameSettings } from '../../../src/cli/folders/same-settings.ts';

const replica = { seed: 1, lambda: 0.005, rateScale: 1 };
const settings = { steps: 20, flip: false as boolean, replicas: [replica, { ...replica, seed: 2 }] };
const refusal = (wanted: Partial<typeof settings>, remedy?: string) => () =>
  requireSameSettings('a/checkpoint.safetensors', settings, { ...settings, ...wanted }, remedy);

test('the same settings are no other ones', () => {
  expect(refusal({})).not.toThrow();
  expect(() => requireSameSettings('a', { n: 1 }, { n: 1, more: undefined })).not.toThrow();
});

test.each([
  [{ steps: 30, flip: true }, 'steps, flip'],
  [{ replicas: [replica, { ...replica, seed: 2, lambda: 0.1 }] }, 'lambda'],
  [{ replicas: [{ ...replica, rateScale: 0.5 }, replica] }, 'rateScale, seed'],
  [{ replicas: [replica] }, 'replicas'],
])('%j: the fields that differ', (wanted, names) => {
  expect(refusal(wanted)).toThrow(
    `a/checkpoint.safetensors was made with other settings (${names}): use another --out, or delete its folder`,
  );
});

test('the remedy is the one of the command', () => {
  expect(refusal({ flip: true }, 'leave it out')).toThrow(/\(flip\): leave it out$/);
});
