/** The Kernels view in a page that is made up. */
import { signal } from '@preact/signals-core';
import { render } from 'lit-html';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GpuReport, LabGroup, LabRequest } from '../../src/page/engine/protocol.ts';
import type { App } from '../../src/page/model/app.ts';
import { emptyForm } from '../../src/page/model/form.ts';
import type { TrainingControl } from '../../src/page/model/training-control.ts';
import { intervalPicture, scaleOf } from '../../src/page/views/kernels/interval-picture.ts';
import { mountKernels } from '../../src/page/views/kernels/kernels-view.ts';
import type { RankedRow } from '../../src/page/views/kernels/ranking.ts';

let root: HTMLElement;
let refused: TrainingControl['refused'];

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
  const report = { name: 'a GPU', timestamps: true } as unknown as GpuReport;
  const groupsOf = ({ product }: LabRequest): LabGroup[] =>
    Array.from({ length: 30 }, (_, i) => ({
      id: i > 0 ? `op ${i}` : `matmul-forward M=${product!.M} N=${product!.N} K=${product!.K} R=1`,
      op: i > 0 ? 'op' : 'matmul-forward',
      title: `op ${i}`,
      usedBy: [],
      defaultVariant: 'naive',
      variants: ['naive'],
      skipped: [],
    }));
  const app = {
    engine: { listen() {}, call: async (_: string, takes: LabRequest) => groupsOf(takes) },
    gpu: signal({ state: 'ready', report }),
    data: signal({ state: 'kept' }),
    run: signal({ state: 'none' }),
    isMeasuring: signal(false),
    report,
  } as unknown as App;
  refused = signal(['“lambda” must be a number', '“x” is no setting']);
  const training = { form: signal(emptyForm()), refused } as unknown as TrainingControl;
  mountKernels(root, { app, training, link: signal(undefined), isShown: () => true });
});

afterEach(() => root.remove());

const textOf = (selector: string) => root.querySelector(selector)?.textContent?.replace(/\s+/g, ' ').trim();

test('what a link asks for that cannot be used is listed here too', async () => {
  const lines = () => [...root.querySelectorAll('.refused li')].map((line) => line.textContent);
  await expect.poll(lines).toEqual(refused.value);
  root.querySelector<HTMLElement>('.refused button')!.click();
  await expect.poll(() => root.querySelector('.refused')).toBeNull();
  expect(refused.value).toEqual([]);
});

test('squares are a click away; what all groups take is told before they are measured', async () => {
  await expect
    .poll(() => textOf('#lab-progress'))
    .toMatch(/about 3 s for one and 1:30 for all 30, the first time/);
  const button = [...root.querySelectorAll('button')].find(({ ariaLabel }) =>
    ariaLabel?.startsWith('Add 1024'),
  );
  button!.click();
  const chosen = () => root.querySelector<HTMLSelectElement>('#lab-group')!.value;
  await expect.poll(chosen).toBe('matmul-forward M=1024 N=1024 K=1024 R=1');
  expect(root.querySelector<HTMLInputElement>('#lab-product')!.value).toBe('1024, 1024, 1024');
});

test('a time without an interval has a dot, and no bar that would be made up', () => {
  const picture = document.createElement('div');
  const marksOf = (low: number, high: number) => {
    const row = { time: { value: 100, low, high } } as RankedRow;
    render(intervalPicture(row, scaleOf([row])), picture);
    return [...picture.querySelectorAll('.range, circle')].map(({ tagName }) => tagName);
  };
  expect(marksOf(90, 120)).toEqual(['line', 'circle']);
  expect(marksOf(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toEqual(['circle']);
});
