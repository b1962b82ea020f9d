/** The reference against PyTorch: every fixture, every number. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { netForward, netLoss } from '../../../src/reference/net.ts';
import { initialState, trainStep } from '../../../src/reference/train-step.ts';
import { type Fixture, fixtureNet, parseFixture } from '../../fixtures/parity-case.ts';
import { expectClose } from './expect-close.ts';

const folder = new URL('../../fixtures/', import.meta.url);
const files = readdirSync(folder).filter((file) => /-(sgd|adam)\.json$/.test(file));
const load = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

const relative = 1e-11;
const absolute = 1e-14;

/**
 * A bias before batch norm has gradient 0: float64 leaves noise of some 2^-51, and Adam divides noise by its own size, so
 * that per step the bias moves by up to lr * 2^-51 / adamEps. The running mean moves along.
 */
function noise(fixture: Fixture, name: string): number {
  const affected = /\.linear\.bias$|\.running_mean$/.test(name);
  if (!affected || fixture.optimizer !== 'adam' || fixture.bnOrder !== 'bn-relu') return absolute;
  return (fixture.steps.length * fixture.lr * 2 ** -51) / fixture.adamEps;
}

test('there are fixtures', () => expect(files.length).toBeGreaterThanOrEqual(4));

describe.each(files)('%s', (file) => {
  const fixture = parseFixture(load(file));
  const net = fixtureNet(fixture);
  const { b1, b2, adamEps, lr, lambda } = fixture;
  const settings = {
    optimizer:
      fixture.optimizer === 'sgd'
        ? { kind: 'sgd' as const }
        : { kind: 'adam' as const, b1, b2, eps: adamEps },
    learningRate: lr,
    lambda,
  };
  let state = initialState(net, fixture.initial);

  test.each(fixture.steps.map((step, i) => [i, step] as const))('step %d', (_, step) => {
    const result = trainStep(net, state, { x: step.x.data, labels: step.y }, settings);
    expectClose(result.logits, step.logits.data, relative, absolute);
    expectClose([result.loss], [step.loss], relative);
    expectClose([result.cost], [step.cost], relative);
    expect(Object.keys(result.grads).sort()).toEqual(Object.keys(step.grads).sort());
    for (const [name, grad] of Object.entries(step.grads)) {
      expect(result.grads[name]!.shape, name).toEqual(grad.shape);
      expectClose(result.grads[name]!.data, grad.data, relative, 1e-15);
    }
    state = result.state;
  });

  test('final parameters and running statistics', () => {
    expect(state.step).toBe(fixture.steps.length);
    expect(Object.keys(state.params).sort()).toEqual(Object.keys(fixture.final).sort());
    for (const [name, tensor] of Object.entries(fixture.final)) {
      expect(state.params[name]!.shape, name).toEqual(tensor.shape);
      expectClose(state.params[name]!.data, tensor.data, relative, noise(fixture, name));
    }
  });

  test('evaluation', () => {
    const { x, logits } = fixture.eval;
    expectClose(netForward(net, fixture.final, x.data, 'evaluation'), logits.data, relative, absolute);
    // The noise of the bias and of the running mean that follows it do not quite cancel.
    const floor = 4 * noise(fixture, 'layers.0.linear.bias');
    expectClose(netForward(net, state.params, x.data, 'evaluation'), logits.data, relative, floor);
    const classes = fixture.dims.at(-1)!;
    const argmax = Array.from({ length: x.shape[0]! }, (_, b) => {
      const row = Array.from(logits.data).slice(b * classes, (b + 1) * classes);
      return row.indexOf(Math.max(...row));
    });
    const { hits } = netLoss(net, fixture.final, { x: x.data, labels: argmax }, { mode: 'evaluation' });
    expect(hits).toBe(argmax.length);
  });
});

describe('parseFixture', () => {
  const good = () => load(files[0]!) as Record<string, unknown>;
  test.each([
    [{ bnOrder: 'sideways' }, 'bnOrder must be bn-relu or relu-bn or none, got "sideways"'],
    [{ lr: '0.1' }, 'lr must be a finite number, got "0.1"'],
    [{ steps: undefined }, 'steps must be an array, got nothing'],
    [{ initial: { a: { shape: [2, 3], data: [1] } } }, 'initial["a"].data must be 6 numbers, got 1'],
    [
      { steps: [{ x: { shape: [1], data: [null] } }] },
      'steps[0].x.data[0] must be a finite number, got null',
    ],
  ])('%j', (change, message) => {
    expect(() => parseFixture({ ...good(), ...change })).toThrow(message);
  });
  test('not an object', () => expect(() => parseFixture([])).toThrow('the file must be an object'));
});
