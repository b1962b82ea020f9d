import { describe, expect, test, vi } from 'vitest';
import { Engine } from '../../../src/page/engine/engine.ts';
import type { EngineEvent } from '../../../src/page/engine/protocol.ts';
import { FakeWorker } from './fake-worker.ts';

function start() {
  const workers: FakeWorker[] = [];
  const ended: (() => void)[] = [];
  const engine = new Engine({
    makeWorker: () => {
      workers.push(new FakeWorker());
      return workers.at(-1)!;
    },
    untilEnded: () => new Promise((resolve) => ended.push(resolve)),
  });
  return { engine, workers, ended };
}

describe('a call', () => {
  test('is answered by its number, whatever the order', async () => {
    const { engine, workers } = start();
    const first = engine.call('ping');
    const second = engine.call('probe');
    const [a, b] = workers[0]!.calls;
    workers[0]!.say({ id: b!.id, gives: 2 });
    workers[0]!.say({ id: a!.id, gives: 1 });
    expect(await Promise.all([first, second])).toEqual([1, 2]);
  });

  test('is rejected with what the worker says', async () => {
    const { engine, workers } = start();
    const call = engine.call('ping');
    workers[0]!.say({ id: workers[0]!.calls[0]!.id, error: { kind: 'offline', message: 'no network' } });
    await expect(call).rejects.toMatchObject({ kind: 'offline', message: 'no network' });
  });

  test('is rejected when the worker did not load, and the next call starts another', async () => {
    const { engine, workers } = start();
    const call = engine.call('probe');
    workers[0]!.tell('error', { message: '' });
    await expect(call).rejects.toMatchObject({ kind: 'worker', message: 'the worker did not load' });
    void engine.call('ping');
    expect(workers).toHaveLength(2);
  });

  test('is rejected when the browser ends the worker, of which no event tells', async () => {
    const { engine, workers, ended } = start();
    const call = engine.call('ping');
    workers[0]!.say({ lock: 'its own' });
    ended[0]!();
    await expect(call).rejects.toMatchObject({ kind: 'worker', message: 'the browser ended the worker' });
  });

  test('is rejected when the worker says nothing at all', async () => {
    vi.useFakeTimers();
    const { engine, workers } = start();
    const rejected = expect(engine.call('dataPlace')).rejects.toMatchObject({ kind: 'worker' });
    await vi.advanceTimersByTimeAsync(20_000);
    await rejected;
    expect(workers[0]!.terminated).toBe(true);
    vi.useRealTimers();
  });
});

test('events reach every listener until it ends listening; those of an ended worker reach nobody', () => {
  const { engine, workers } = start();
  const heard: EngineEvent[] = [];
  const end = engine.listen((event) => heard.push(event));
  void engine.call('ping').catch(() => {});
  workers[0]!.say({ event: 'running' });
  engine.end();
  workers[0]!.say({ event: 'running' });
  end();
  expect(heard).toEqual([{ event: 'running' }]);
});
