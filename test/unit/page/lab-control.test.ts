import { signal } from '@preact/signals-core';
import { beforeEach, expect, test } from 'vitest';
import type { LabGroup, LabRequest } from '../../../src/page/engine/protocol.ts';
import type { App } from '../../../src/page/model/app.ts';
import { emptyForm } from '../../../src/page/model/form.ts';
import type { TrainingControl } from '../../../src/page/model/training-control.ts';
import { placeOf, scaleOf } from '../../../src/page/views/kernels/interval-picture.ts';
import { LabControl } from '../../../src/page/views/kernels/lab-control.ts';
import type { RankedRow } from '../../../src/page/views/kernels/ranking.ts';

const group = (op: string, shape: string, variants: readonly string[], usedBy: readonly string[] = []) =>
  ({
    id: `${op} ${shape} R=1`,
    op,
    title: op,
    usedBy,
    defaultVariant: 'tile',
    variants,
    skipped: [],
  }) as LabGroup;

/** The net has two shapes of matmul-forward and none of matmul-dgrad; `quad` fits one of them. */
function groupsOf({ product }: LabRequest): LabGroup[] {
  const asked = product === null ? [] : ['matmul-forward', 'matmul-wgrad', 'matmul-dgrad'];
  return [
    ...asked.map((op) =>
      group(op, `M=${product!.M} N=${product!.N} K=${product!.K}`, ['naive', 'tile', 'quad']),
    ),
    group('matmul-forward', 'M=100 N=12 K=52', ['naive', 'tile', 'quad'], ['layer 1']),
    group('matmul-forward', 'M=100 N=13 K=12', ['naive', 'tile'], ['layer 2']),
    group('matmul-wgrad', 'M=100 N=12 K=52', ['naive', 'tile'], ['layer 1']),
  ];
}

let lab: LabControl;
let form: TrainingControl['form'];
let said: string[];

beforeEach(() => {
  said = [];
  const app = {
    engine: { listen() {}, call: async (_: string, takes: LabRequest) => groupsOf(takes) },
    announce: (text: string) => said.push(text),
  } as unknown as App;
  form = signal(emptyForm());
  lab = new LabControl(app, { form } as unknown as TrainingControl);
});

test('a shape that was added is the one that is selected, of the op that was', async () => {
  await lab.list();
  lab.selectedId.value = 'matmul-wgrad M=100 N=12 K=52 R=1';
  lab.product.value = '7, 7, 7';
  await lab.listProduct();
  expect(lab.selectedId.value).toBe('matmul-wgrad M=7 N=7 K=7 R=1');
  // What is no shape changes nothing, and neither does a form that is changed.
  lab.product.value = '7, 7';
  await lab.listProduct();
  expect(lab.problem.value).toMatch(/three whole numbers/);
  lab.product.value = '8, 8, 8';
  lab.selectedId.value = 'matmul-forward M=100 N=12 K=52 R=1';
  await lab.list();
  expect(lab.selectedId.value).toBe('matmul-forward M=100 N=12 K=52 R=1');
});

test('a variant that is used says where, and of how much of the net; pressed again it is used no more', async () => {
  await lab.list();
  lab.use('matmul-forward', 'tile');
  expect(form.value.variants).toEqual({ 'matmul-forward': 'tile' });
  expect(lab.isUsed('matmul-forward', 'tile')).toBe(true);
  expect(said.at(-1)).toMatch(/^Trainings compute matmul-forward by tile: .* Data, as “Forced”\.$/);
  lab.use('matmul-forward', 'quad');
  expect(lab.isUsed('matmul-forward', 'tile')).toBe(false);
  expect(said.at(-1)).toMatch(/“Forced”\. It fits 1 of the net’s 2 shapes/);
  expect(lab.used.value).toEqual({ op: 'matmul-forward', text: said.at(-1) });
  lab.use('matmul-forward', 'quad');
  expect(form.value.variants).toEqual({});
  expect(said.at(-1)).toBe('matmul-forward is not forced any more.');
});

test('a variant that computes nothing of the net is not used', async () => {
  await lab.list();
  for (const [op, variant] of [
    ['matmul-wgrad', 'quad'],
    ['matmul-dgrad', 'tile'],
  ] as const) {
    lab.use(op, variant);
    expect(said.at(-1)).toBe(
      `${variant} is not used: the net in the Train view’s form has no ${op} that it fits.`,
    );
  }
  expect(form.value.variants).toEqual({});
});

test('dots stand by logarithms where they would lie on one spot', () => {
  const rows = (...times: readonly number[]) =>
    times.map((value) => ({ time: { value, low: value, high: value } })) as unknown as RankedRow[];
  const close = scaleOf(rows(100, 900));
  expect(close.isLog).toBe(false);
  expect(placeOf(0, close)).toBe(0);
  expect(placeOf(495, close)).toBeCloseTo(0.5, 12);
  const wide = scaleOf([...rows(100, 1000, 10_000), { time: undefined } as RankedRow]);
  expect(wide.isLog).toBe(true);
  expect(placeOf(1000, wide)).toBeCloseTo(0.5, 12);
  // Ends of intervals without any are the ends of the scale.
  expect([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY].map((ns) => placeOf(ns, wide))).toEqual([0, 1]);
});
