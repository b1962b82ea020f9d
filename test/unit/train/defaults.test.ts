import { expect, test } from 'vitest';
import { mlp } from '../../../src/nn/net-spec.ts';
import { adam, adamw, constant, cyclical, rmsprop, sgd } from '../../../src/optim/specs.ts';
import { type GivenSettings, withDefaults } from '../../../src/train/defaults.ts';

const net = mlp({ input: { features: 2 }, hidden: [4], classes: 2 });
const wanted: GivenSettings = { net, steps: 10, schedule: constant(0.1) };

/** What JavaScript, and looser types than ours, may hand over. */
const undefinedOptions = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, undefined]));

test('a setting that is undefined has its default', () => {
  const usual = withDefaults(wanted);
  expect(withDefaults({ ...wanted, ...undefinedOptions(...Object.keys(usual)), ...wanted })).toStrictEqual(
    usual,
  );
  expect(withDefaults({ ...wanted, shuffle: false }).shuffle).toBe(false);
});

test('an option of an optimizer or a schedule that is undefined has its default', () => {
  expect(sgd(undefinedOptions('momentum', 'nesterov'))).toStrictEqual(sgd());
  expect(adam(undefinedOptions('b1', 'b2', 'eps'))).toStrictEqual(adam());
  expect(adamw({ ...undefinedOptions('b1', 'weightDecay'), b2: 0.9 })).toStrictEqual(adamw({ b2: 0.9 }));
  expect(rmsprop(undefinedOptions('b2', 'eps'))).toStrictEqual(rmsprop());
  const triangle = { min: 0, max: 1, halfCycle: 5 };
  expect(cyclical({ ...triangle, ...undefinedOptions('decay', 'peak') })).toStrictEqual(cyclical(triangle));
});
