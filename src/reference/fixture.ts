/** fixture: parity cases computed by PyTorch in float64 (test/fixtures/*.json): types and parser. */
import { mlp, type NetSpec } from '../nn/net-spec.ts';
import type { Tensor } from './numbers.ts';

/** One training step: the batch, what the net gave BEFORE the update, and the gradients of `cost`. */
export interface FixtureStep {
  /** (B, inputs) */
  readonly x: Tensor;
  /** (B) class indices */
  readonly y: readonly number[];
  /** (B, classes) in training mode */
  readonly logits: Tensor;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** loss + lambda * sum W^2 */
  readonly cost: number;
  /** d cost / d parameter: those of weight matrices contain 2 lambda W. */
  readonly grads: Readonly<Record<string, Tensor>>;
}

/** One case. */
export interface Fixture {
  readonly name: string;
  /** inputs, hidden ..., classes */
  readonly dims: readonly number[];
  readonly batchSize: number;
  readonly bnOrder: 'bn-relu' | 'relu-bn' | 'none';
  readonly bnEps: number;
  /** Weight of the new batch. */
  readonly statsMomentum: number;
  readonly runningVariance: 'biased' | 'unbiased';
  readonly runningInit: 'first-batch' | 'zero-one';
  readonly optimizer: 'sgd' | 'adam';
  readonly lr: number;
  readonly lambda: number;
  readonly b1: number;
  readonly b2: number;
  readonly adamEps: number;
  /** Parameters and running statistics (0 and 1) before the first step. */
  readonly initial: Readonly<Record<string, Tensor>>;
  readonly steps: readonly FixtureStep[];
  /** The same names after the last step. */
  readonly final: Readonly<Record<string, Tensor>>;
  /** Logits in evaluation mode, with `final`. */
  readonly eval: { readonly x: Tensor; readonly logits: Tensor };
}

type Path = string;

function fail(path: Path, expected: string, value: unknown): never {
  const got = JSON.stringify(value)?.slice(0, 60) ?? 'nothing';
  throw new TypeError(`fixture: ${path} must be ${expected}, got ${got}`);
}

function object(value: unknown, path: Path): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'an object', value);
  return value as Record<string, unknown>;
}

function number(value: unknown, path: Path): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(path, 'a finite number', value);
  return value;
}

function list<T>(value: unknown, path: Path, item: (value: unknown, path: Path) => T): T[] {
  if (!Array.isArray(value)) fail(path, 'an array', value);
  return value.map((element, i) => item(element, `${path}[${i}]`));
}

function oneOf<T extends string>(value: unknown, path: Path, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  return found ?? fail(path, choices.join(' or '), value);
}

function tensor(value: unknown, path: Path): Tensor {
  const { shape: rawShape, data: rawData } = object(value, path);
  const shape = list(rawShape, `${path}.shape`, number);
  const data = Float64Array.from(list(rawData, `${path}.data`, number));
  const size = shape.reduce((product, side) => product * side, 1);
  if (data.length !== size) fail(`${path}.data`, `${size} numbers`, data.length);
  return { shape, data };
}

function tensors(value: unknown, path: Path): Record<string, Tensor> {
  const entries = Object.entries(object(value, path));
  return Object.fromEntries(entries.map(([name, entry]) => [name, tensor(entry, `${path}["${name}"]`)]));
}

function step(value: unknown, path: Path): FixtureStep {
  const { x, y, logits, loss, cost, grads } = object(value, path);
  return {
    x: tensor(x, `${path}.x`),
    y: list(y, `${path}.y`, number),
    logits: tensor(logits, `${path}.logits`),
    loss: number(loss, `${path}.loss`),
    cost: number(cost, `${path}.cost`),
    grads: tensors(grads, `${path}.grads`),
  };
}

/**
 * The case in `json`, the parsed content of a fixture file.
 * @throws TypeError naming the first member that is missing or malformed
 */
export function parseFixture(json: unknown): Fixture {
  const raw = object(json, 'the file');
  const evaluation = object(raw.eval, 'eval');
  if (typeof raw.name !== 'string') fail('name', 'a string', raw.name);
  return {
    name: raw.name,
    dims: list(raw.dims, 'dims', number),
    batchSize: number(raw.batchSize, 'batchSize'),
    bnOrder: oneOf(raw.bnOrder, 'bnOrder', ['bn-relu', 'relu-bn', 'none']),
    bnEps: number(raw.bnEps, 'bnEps'),
    statsMomentum: number(raw.statsMomentum, 'statsMomentum'),
    runningVariance: oneOf(raw.runningVariance, 'runningVariance', ['biased', 'unbiased']),
    runningInit: oneOf(raw.runningInit, 'runningInit', ['first-batch', 'zero-one']),
    optimizer: oneOf(raw.optimizer, 'optimizer', ['sgd', 'adam']),
    lr: number(raw.lr, 'lr'),
    lambda: number(raw.lambda, 'lambda'),
    b1: number(raw.b1, 'b1'),
    b2: number(raw.b2, 'b2'),
    adamEps: number(raw.adamEps, 'adamEps'),
    initial: tensors(raw.initial, 'initial'),
    steps: list(raw.steps, 'steps', step),
    final: tensors(raw.final, 'final'),
    eval: { x: tensor(evaluation.x, 'eval.x'), logits: tensor(evaluation.logits, 'eval.logits') },
  };
}

/** The net that a case trains. */
export function fixtureNet(fixture: Fixture): NetSpec {
  const { dims, bnOrder, bnEps, statsMomentum, runningVariance, runningInit } = fixture;
  const order = bnOrder === 'bn-relu' ? 'before-relu' : 'after-relu';
  return mlp({
    input: { features: dims[0]! },
    hidden: dims.slice(1, -1),
    classes: dims.at(-1)!,
    batchNorm: bnOrder === 'none' ? null : { order, eps: bnEps, statsMomentum, runningVariance, runningInit },
  });
}
