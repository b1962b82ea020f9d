/** What the page knows of the GPU, from what the worker says and when. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Engine } from '../../../src/page/engine/engine.ts';
import type { EngineErrorKind } from '../../../src/page/engine/engine-error.ts';
import type { CallName, GpuReport } from '../../../src/page/engine/protocol.ts';
import { App } from '../../../src/page/model/app.ts';
import { FakeWorker } from './fake-worker.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('window', { isSecureContext: true });
  vi.stubGlobal('navigator', { gpu: {} });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const report = { name: 'a GPU', adapter: { software: false }, tookMs: 1 } as unknown as GpuReport;

function start() {
  const worker = new FakeWorker();
  const app = new App(new Engine({ makeWorker: () => worker, untilEnded: () => new Promise(() => {}) }), '');
  /** Answers the newest call of a name. */
  const answer = async (call: CallName, what: object) => {
    const { id } = worker.calls.findLast((each) => each.call === call)!;
    worker.say({ id, ...what } as never);
    await vi.advanceTimersByTimeAsync(0);
  };
  void app.probe();
  return { worker, app, answer };
}

describe('a GPU that says nothing', () => {
  test('is told after eight seconds, and taken when it does', async () => {
    const { app, answer } = start();
    await answer('ping', { gives: null });
    await vi.advanceTimersByTimeAsync(7999);
    expect(app.gpu.value.state).toBe('probing');
    await vi.advanceTimersByTimeAsync(1);
    expect(app.gpu.value).toMatchObject({ state: 'none', reason: 'timeout' });
    await answer('probe', { gives: report });
    expect(app.gpu.value).toEqual({ state: 'ready', report });
  });

  test('is not blamed for a worker that loads slowly', async () => {
    const { app, answer } = start();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(app.gpu.value.state).toBe('probing');
    await answer('ping', { gives: null });
    await vi.advanceTimersByTimeAsync(7000);
    expect(app.gpu.value.state).toBe('probing');
  });
});

test.each<[EngineErrorKind, string]>([
  ['no-adapter', 'no-adapter'],
  ['failed', 'refused'],
  ['lost', 'refused'],
])('a device that is refused with an error of kind %s: %s', async (kind, reason) => {
  const { app, answer } = start();
  await answer('ping', { gives: null });
  await answer('probe', { error: { kind, message: 'as the browser says' } });
  expect(app.gpu.value).toEqual({ state: 'none', reason, details: 'as the browser says' });
});

test('a worker that ends is told as one that did not start', async () => {
  const { worker, app } = start();
  worker.tell('error', { message: '' });
  await vi.advanceTimersByTimeAsync(0);
  expect(app.gpu.value).toMatchObject({ state: 'none', reason: 'worker' });
});

test('a GPU that is lost while nothing trains counts, is listed, and asked for again', async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  };
  vi.stubGlobal('sessionStorage', storage);
  const { worker, app, answer } = start();
  await answer('ping', { gives: null });
  await answer('probe', { gives: report });
  for (const losses of [1, 2]) {
    worker.say({ event: 'gone', message: 'the device was lost' });
    expect(app.gpu.value.state).toBe('probing');
    expect(kept.get('losses')).toBe(String(losses));
    await answer('ping', { gives: null });
  }
  expect(app.events.value.map(({ text }) => text)).toContain('the device was lost');
  await answer('probe', { error: { kind: 'no-adapter', message: 'refused' } });
  expect(app.gpu.value).toMatchObject({ state: 'none', reason: 'blocked' });
});

test('a browser that keeps nothing for the tab hears of a loss all the same', () => {
  const refuse = () => {
    throw new DOMException('no storage', 'SecurityError');
  };
  vi.stubGlobal('sessionStorage', { getItem: refuse, setItem: refuse });
  const { worker, app } = start();
  worker.say({ event: 'lost', losses: 1, message: 'the device was lost', asks: true });
  expect(app.gpu.value.state).toBe('asking');
});

test('data that are not cancelled, since the worker ended, are told of', async () => {
  const { app } = start();
  const asked = app.cancelData();
  app.engine.end('it ended');
  await asked;
  expect(app.dataProblem.value).toEqual({ kind: 'worker', message: 'it ended' });
});
