import { describe, expect, test } from 'vitest';
import { afterMessage, type PageState } from '../../../src/page/state.ts';
import type { FromWorker, RunResult } from '../../../src/train/messages.ts';

const result = { finished: true, step: 20 } as RunResult;
const error: FromWorker = { type: 'error', message: 'the device is lost', user: true };
const after = (...messages: FromWorker[]): PageState =>
  messages.reduce<PageState>((state, message) => afterMessage(state, message, 5), { phase: 'training' });

describe('an error', () => {
  test('ends a run', () => {
    expect(after(error)).toMatchObject({ phase: 'failed', endedMs: 5, problem: { details: error.message } });
  });

  test('while kernels are measured for the next run leaves the one that is done as it is', () => {
    const done: FromWorker = { type: 'done', result };
    const measuring: FromWorker = { type: 'tuning', done: 1, total: 3, op: 'sgd' };
    expect(after(done, measuring).tuning).toEqual(measuring);
    expect(after(done, measuring, error)).toEqual(after(done));
  });
});
