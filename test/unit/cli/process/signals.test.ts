import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { type SignalledProcess, Signals } from '../../../../src/cli/process/signals.ts';

let emitter: EventEmitter;
let exits: number[];
let lines: string[];
let nowMs: number;
let signals: Signals;
beforeEach(() => {
  emitter = new EventEmitter();
  exits = [];
  lines = [];
  nowMs = 1000;
  const fake: SignalledProcess = {
    on: (signal, listener) => emitter.on(signal, listener),
    exit: (status) => exits.push(status),
  };
  signals = new Signals(
    fake,
    (line) => lines.push(line),
    () => nowMs,
  );
  signals.listen('train');
});

const all = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

test.each(all)('%s where nothing is held: one line, exit status %i', (signal, status) => {
  emitter.emit(signal);
  expect(exits).toEqual([status]);
  expect(lines).toEqual([`train: stopped by ${signal}`]);
});

describe.each(all)('%s while work is held', (signal, status) => {
  test('asks the work to stop, and does not end the process', async () => {
    const asked: string[] = [];
    const result = signals.hold(
      'this step',
      (received) => {
        asked.push(received);
      },
      async () => {
        emitter.emit(signal);
        return 'kept';
      },
    );
    expect(await result).toBe('kept');
    expect(asked).toEqual([signal]);
    expect(exits).toEqual([]);
    expect(lines).toEqual([`${signal}: stopping after this step; once more to leave at once`]);
    expect(signals.asked).toBe(true);
    expect(signals.status).toBe(status);
  });

  test('again at once, as through npm: the same stop; later: leaves', async () => {
    let calls = 0;
    await signals.hold(
      'this step',
      () => {
        calls++;
      },
      async () => {
        emitter.emit(signal);
        nowMs += 400;
        emitter.emit(signal);
        expect(exits).toEqual([]);
        nowMs += 200;
        emitter.emit(signal);
        expect(exits).toEqual([status]);
      },
    );
    expect(calls).toBe(1);
  });

  test('leaves where the work cannot be asked', async () => {
    await signals.hold(
      'this step',
      () => Promise.reject(new Error('the page is gone')),
      async () => {
        emitter.emit(signal);
        await new Promise(setImmediate);
      },
    );
    expect(exits).toEqual([status]);
  });
});

test('the inner work is asked, and the outer one when that is over', async () => {
  const asked: string[] = [];
  const note = (name: string) => () => {
    asked.push(name);
  };
  await signals.hold('a', note('outer'), async () => {
    await signals.hold('b', note('inner'), async () => {});
    emitter.emit('SIGTERM');
  });
  expect(asked).toEqual(['outer']);
});
