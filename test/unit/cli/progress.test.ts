import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeProgress } from '../../../src/cli/progress.ts';

const printed: string[] = [];
const { isTTY } = process.stderr;
beforeEach(() => {
  printed.length = 0;
  process.stderr.isTTY = false;
  vi.useFakeTimers();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

test('lines come at most once an interval, the newest of those that were held back when it is over, the last at once', () => {
  const progress = makeProgress('bench', 5000);
  progress.update(0, 4, 'a');
  vi.advanceTimersByTime(1000);
  progress.update(1, 4, 'b');
  progress.update(2, 4, 'c');
  expect(printed).toEqual(['bench 0/4 | a\n']);
  vi.advanceTimersByTime(4000);
  expect(printed.slice(1)).toEqual(['bench 2/4 | c | 5 s left\n']);
  vi.advanceTimersByTime(60_000);
  progress.update(4, 4, 'd');
  expect(printed.slice(2)).toEqual(['bench 4/4 | d | 0 s left\n']);
});

test('what is left goes by the pace since the work began, or since the first that was heard of it', () => {
  const heard = makeProgress('training', 5000);
  vi.advanceTimersByTime(60_000);
  heard.update(48, 476, 'a');
  vi.advanceTimersByTime(6000);
  heard.update(50, 476, 'b');
  expect(printed.slice(1)).toEqual(['training 50/476 | b | 21 min left\n']);
  printed.length = 0;
  // Reports in pairs: an epoch's end with its scores, and each fifty steps.
  const begun = makeProgress('training', 5000);
  vi.advanceTimersByTime(20_000);
  begun.begin(20);
  vi.advanceTimersByTime(60_000);
  begun.update(40, 180, 'a');
  vi.advanceTimersByTime(6000);
  begun.update(50, 180, 'b');
  // 3 s a step, then 2.2.
  expect(printed).toEqual(['training 40/180 | a | 420 s left\n', 'training 50/180 | b | 286 s left\n']);
});

test('nothing comes behind the end', () => {
  const progress = makeProgress('bench', 5000);
  progress.update(0, 4, 'a');
  progress.update(1, 4, 'b');
  progress.stop();
  vi.advanceTimersByTime(60_000);
  expect(printed).toHaveLength(1);
});
