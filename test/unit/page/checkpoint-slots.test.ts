import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CheckpointKeeper } from '../../../src/page/engine/checkpoint-keeper.ts';
import { CheckpointSlots, type StoredCheckpoint } from '../../../src/page/engine/checkpoint-slots.ts';
import {
  FileNotOpened,
  openPrivateFiles,
  type PrivateFiles,
} from '../../../src/page/engine/private-files.ts';
import type { Checkpoint } from '../../../src/train/checkpoint.ts';
import { readCheckpoint } from '../../../src/train/checkpoint.ts';

/** A folder in memory whose files `refuse` may keep closed. */
function folder(refuse: (name: string) => Error | undefined = () => undefined) {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const written: string[] = [];
  const privateFiles: PrivateFiles = {
    read: async (name) => (files.has(name) ? new File([files.get(name)!], name) : undefined),
    async write(name, parts) {
      const refused = refuse(name);
      if (refused !== undefined) throw refused;
      written.push(name);
      files.set(name, new Uint8Array(await new Blob([...parts]).arrayBuffer()));
    },
    async remove(name) {
      files.delete(name);
    },
    names: async () => [...files.keys()],
  };
  return { privateFiles, files, written };
}

const checkpointAt = (step: number): StoredCheckpoint => ({ step, file: Uint8Array.of(step, 2, 3) });

test('checkpoints of runs that are there no more are dropped, the others stay', async () => {
  const { privateFiles, files } = folder();
  const slots = new CheckpointSlots(privateFiles);
  for (const run of ['a', 'b', 'c']) for (const step of [1, 2]) await slots.write(run, checkpointAt(step));
  await slots.keepOnly(['a', 'c', 'd']);
  expect([...files.keys()].sort()).toEqual(['a.0', 'a.1', 'c.0', 'c.1']);
});

test('the slots are written in turn, and the newest whole one is read', async () => {
  const { privateFiles, files, written } = folder();
  const slots = new CheckpointSlots(privateFiles);
  for (const step of [1, 2, 3]) await slots.write('run', checkpointAt(step));
  expect(written).toEqual(['run.0', 'run.1', 'run.0']);
  expect(await slots.read('run')).toEqual(checkpointAt(3));
  files.get('run.0')![57]! ^= 1;
  expect(await slots.read('run')).toEqual(checkpointAt(2));
  // Another tab begins with the one that is damaged.
  await new CheckpointSlots(privateFiles).write('run', checkpointAt(4));
  expect(written.at(-1)).toBe('run.0');
});

test('a slot that cannot be opened is left, the other written', async () => {
  const closed = new Set<string>();
  const { privateFiles, written } = folder((name) =>
    closed.has(name) ? new FileNotOpened(name) : undefined,
  );
  const slots = new CheckpointSlots(privateFiles);
  await slots.write('run', checkpointAt(1));
  closed.add('run.1');
  await expect(slots.write('run', checkpointAt(2))).rejects.toThrow(FileNotOpened);
  await slots.write('run', checkpointAt(3));
  expect(written).toEqual(['run.0', 'run.0']);
  expect(await slots.read('run')).toEqual(checkpointAt(3));
});

test('a full storage damages one slot, again and again, and never the whole one', async () => {
  let isFull = false;
  const { privateFiles, files } = folder(() =>
    isFull ? new DOMException('', 'QuotaExceededError') : undefined,
  );
  const slots = new CheckpointSlots(privateFiles);
  await slots.write('run', checkpointAt(1));
  await slots.write('run', checkpointAt(2));
  isFull = true;
  for (const step of [3, 4, 5]) {
    await expect(slots.write('run', checkpointAt(step))).rejects.toThrow();
    files.set('run.0', new Uint8Array(5));
  }
  expect(await slots.read('run')).toEqual(checkpointAt(2));
});

/** A checkpoint with as little as a file needs. */
const trainerState = (step: number) =>
  ({ settings: { net: { layers: [] } }, step, variants: {}, arenas: {} }) as unknown as Checkpoint;

test('training does not wait for the storage: what was overtaken is left out, the newest is written', async () => {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const kept: number[] = [];
  const keeper = new CheckpointKeeper(
    {
      write: (_, { step, file }) => {
        begun.push(step);
        expect(readCheckpoint(file).step).toBe(step);
        return new Promise((resolve) => ends.push(resolve));
      },
    },
    'run',
    (step) => kept.push(step),
  );
  for (const step of [1, 2, 3]) keeper.keep(trainerState(step));
  expect(keeper.newest?.step).toBe(3);
  expect(begun).toEqual([1]);
  let isSettled = false;
  const settled = keeper.settled().then(() => {
    isSettled = true;
  });
  ends[0]!();
  await vi.waitFor(() => expect(begun).toEqual([1, 3]), 10_000);
  expect(kept).toEqual([1]);
  expect(isSettled).toBe(false);
  ends[1]!();
  await settled;
  expect(kept).toEqual([1, 3]);
  keeper.keep(trainerState(4));
  expect(begun).toEqual([1, 3, 4]);
});

test('a storage that refuses ends nothing', async () => {
  const kept: number[] = [];
  const write = () => Promise.reject(new FileNotOpened('run.0'));
  const keeper = new CheckpointKeeper({ write }, 'run', (step) => kept.push(step));
  keeper.keep(trainerState(1));
  await keeper.settled();
  keeper.keep(trainerState(2));
  await keeper.settled();
  expect(kept).toEqual([1, 2]);
  expect(keeper.newest?.step).toBe(2);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a file that the browser never opens is waited for 5 s, and closed where it comes late', async () => {
  const answers: ((access: unknown) => void)[] = [];
  const handle = { createSyncAccessHandle: () => new Promise((resolve) => answers.push(resolve)) };
  const directory = { getFileHandle: async () => handle };
  const root = { getDirectoryHandle: async () => directory };
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => root } });
  const files = (await openPrivateFiles('checkpoints')) as PrivateFiles;
  const writing = files.write('run.0', [Uint8Array.of(1)]);
  writing.catch(() => {});
  await vi.advanceTimersByTimeAsync(5000);
  await expect(writing).rejects.toThrow(new FileNotOpened('run.0: the browser does not answer'));
  const late = { close: vi.fn(), write: vi.fn(), truncate: vi.fn() };
  answers[0]!(late);
  await vi.advanceTimersByTimeAsync(0);
  expect(late.close).toHaveBeenCalledOnce();
  expect(late.truncate).not.toHaveBeenCalled();
});
