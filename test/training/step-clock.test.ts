/** Whole steps are timed as training submits them: what recording a step costs the CPU counts. */
import { expect, test } from 'vitest';
import type { Plan } from '../../src/train/plan.ts';
import { stepClock } from '../../src/train/step-clock.ts';
import { sharedGpu } from './device.ts';

const recordingMs = 2;

/** A plan without work, which takes its time to be recorded. */
const slowlyRecorded: Plan = {
  label: 'slowly recorded',
  variants: {},
  tensors: [],
  get dispatches() {
    const end = performance.now() + recordingMs;
    while (performance.now() < end);
    return [];
  },
};

const empty: Plan = { label: 'empty', variants: {}, dispatches: [], tensors: [] };

test('a step that takes long to record is slower than one that does not', async () => {
  const clock = stepClock(await sharedGpu(), [empty, slowlyRecorded]);
  const repeats = 50;
  const measured: Awaited<ReturnType<typeof clock.run>>[] = [];
  for (let i = 0; i < 3; i++) measured.push(await clock.run([0, 1].map((row) => ({ row, repeats }))));
  // The least of three: a machine that does something else for a moment makes a step slow, and none fast.
  const [quick, slow] = [0, 1].map((row) => Math.min(...measured.map((results) => results[row]!.ns!)));
  expect(slow).toBeGreaterThanOrEqual(1e6 * recordingMs * repeats);
  expect(quick).toBeGreaterThan(0);
  expect(quick).toBeLessThan(slow!);
});
