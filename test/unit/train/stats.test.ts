/** The statistics' ring buffer and its staging buffers, on a device that is an array. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { GpuError } from '../../../src/gpu/errors.ts';
import type { Tensor } from '../../../src/gpu/tensor.ts';
import { readTensors, Stats, type StepStats } from '../../../src/train/stats.ts';

beforeEach(() => {
  vi.stubGlobal('GPUBufferUsage', { MAP_READ: 1, COPY_DST: 8 });
  vi.stubGlobal('GPUMapMode', { READ: 1 });
});
afterEach(() => vi.unstubAllGlobals());

class FakeBuffer {
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Resolves or rejects the pending mapAsync. */
  settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor({ label = '', size }: { label?: string; size: number }) {
    this.label = label;
    this.bytes = new Uint8Array(size);
  }
  mapAsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
  }
  getMappedRange = () => this.bytes.buffer;
  unmap = () => {};
  destroy = () => {};
}

/** A GPU whose steps are done by `addStep`. */
function fake({ replicas, capacity }: { replicas: number; capacity: number }, firstStep = 0) {
  const buffers: FakeBuffer[] = [];
  let failed: GpuError | undefined;
  let fail: (error: GpuError) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = (error) => {
      failed = error;
      reject(error);
    };
  });
  failure.catch(() => {});
  const copy = (source: FakeBuffer, from: number, target: FakeBuffer, to: number, size: number) =>
    target.bytes.set(source.bytes.subarray(from, from + size), to);
  const encoder = { copyBufferToBuffer: copy, finish: () => 'commands' } as unknown as GPUCommandEncoder;
  const device = {
    createBuffer: (descriptor: { label?: string; size: number }) => {
      const buffer = new FakeBuffer(descriptor);
      buffers.push(buffer);
      return buffer;
    },
    createCommandEncoder: () => encoder,
    queue: { submit: () => {} },
  };
  const gpu = {
    device,
    failure,
    check: () => {
      if (failed !== undefined) throw failed;
    },
  } as unknown as Gpu;
  const tensor = (label: string, size: number): Tensor & { buffer: unknown } => ({
    label,
    buffer: new FakeBuffer({ size: replicas * size * 4 }) as unknown as GPUBuffer,
    offsetBytes: 0,
    size,
    replicaStride: size,
    replicas,
  });
  const history = tensor('history', 2 * capacity);
  const counters = tensor('counters', 4);
  const historyValues = new Float32Array((history.buffer as unknown as FakeBuffer).bytes.buffer);
  const counterValues = new Uint32Array((counters.buffer as unknown as FakeBuffer).bytes.buffer);
  counterValues.fill(0);
  for (let r = 0; r < replicas; r++) counterValues[4 * r] = firstStep;
  const stats = new Stats(gpu, history, counters, firstStep);
  const addStep = (losses: readonly number[], hits: readonly number[]) => {
    for (let r = 0; r < replicas; r++) {
      const step = counterValues[4 * r]!;
      historyValues[2 * (r * capacity + (step % capacity))] = losses[r]!;
      historyValues[2 * (r * capacity + (step % capacity)) + 1] = hits[r]!;
      if (!Number.isFinite(losses[r]!) && counterValues[4 * r + 1] === 0) counterValues[4 * r + 1] = step + 1;
      counterValues[4 * r] = step + 1;
    }
  };
  const steps: StepStats[] = [];
  const nonFinite: unknown[] = [];
  /** Encodes a copy and begins to read it; undefined where no staging buffer is free. */
  const copyAndRead = () => {
    const staging = stats.copy(encoder) as unknown as FakeBuffer | undefined;
    if (staging === undefined) return undefined;
    const done = stats.read(
      staging as unknown as GPUBuffer,
      (step) => steps.push(step),
      (event) => nonFinite.push(event),
    );
    return { staging, done };
  };
  return { gpu, stats, addStep, copyAndRead, steps, nonFinite, fail, buffers, history };
}

const lossesOf = (steps: readonly StepStats[]) => steps.map(({ lossSums }) => Array.from(lossSums));

describe('Stats', () => {
  test('hands on each step once, in order, for all replicas', async () => {
    const { addStep, copyAndRead, steps } = fake({ replicas: 2, capacity: 8 });
    for (let i = 0; i < 3; i++) addStep([i, 10 + i], [i % 2, 4]);
    const first = copyAndRead()!;
    first.staging.settle!.resolve();
    await first.done;
    expect(steps.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(lossesOf(steps)).toEqual([
      [0, 10],
      [1, 11],
      [2, 12],
    ]);
    expect(steps.map(({ hits }) => Array.from(hits))).toEqual([
      [0, 4],
      [1, 4],
      [0, 4],
    ]);
    addStep([3, 13], [0, 0]);
    const second = copyAndRead()!;
    second.staging.settle!.resolve();
    await second.done;
    expect(steps.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
  });

  test('goes round: the newest steps overwrite the oldest', async () => {
    const { addStep, copyAndRead, steps } = fake({ replicas: 1, capacity: 4 });
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 3; i++) addStep([3 * round + i], [0]);
      const { staging, done } = copyAndRead()!;
      staging.settle!.resolve();
      await done;
    }
    expect(lossesOf(steps)).toEqual(Array.from({ length: 15 }, (_, i) => [i]));
  });

  test('a resumed run hands on nothing of what was before it', async () => {
    const { addStep, copyAndRead, steps } = fake({ replicas: 1, capacity: 4 }, 6);
    addStep([60], [1]);
    const { staging, done } = copyAndRead()!;
    staging.settle!.resolve();
    await done;
    expect(steps.map(({ step, lossSums }) => [step, lossSums[0]])).toEqual([[6, 60]]);
  });

  test('no copy while every staging buffer is in use; its steps come with the next', async () => {
    const { addStep, copyAndRead, steps, buffers } = fake({ replicas: 1, capacity: 16 });
    const reads = [0, 1, 2].map((i) => {
      addStep([i], [0]);
      return copyAndRead()!;
    });
    addStep([3], [0]);
    expect(copyAndRead()).toBeUndefined();
    for (const { staging } of reads) staging.settle!.resolve();
    await Promise.all(reads.map(({ done }) => done));
    expect(steps.length).toBe(3);
    const next = copyAndRead()!;
    next.staging.settle!.resolve();
    await next.done;
    expect(lossesOf(steps)).toEqual([[0], [1], [2], [3]]);
    expect(buffers.length).toBe(3);
  });

  test('reads that finish out of order are handed on in order', async () => {
    const { addStep, copyAndRead, steps } = fake({ replicas: 1, capacity: 16 });
    addStep([0], [0]);
    const first = copyAndRead()!;
    addStep([1], [0]);
    const second = copyAndRead()!;
    second.staging.settle!.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    expect(steps).toEqual([]);
    first.staging.settle!.resolve();
    await second.done;
    expect(lossesOf(steps)).toEqual([[0], [1]]);
  });

  test('losses that are not finite: each replica, in the order of their first steps', async () => {
    const { addStep, copyAndRead, nonFinite } = fake({ replicas: 3, capacity: 16 });
    addStep([0, 0, 0], [0, 0, 0]);
    addStep([0, 0, Number.NaN], [0, 0, 0]);
    addStep([Number.POSITIVE_INFINITY, 0, Number.NaN], [0, 0, 0]);
    const { staging, done } = copyAndRead()!;
    staging.settle!.resolve();
    await done;
    expect(nonFinite).toEqual([
      { replica: 2, step: 1 },
      { replica: 0, step: 2 },
    ]);
  });
});

describe('a lost device', () => {
  const lost = new GpuError('the GPU device was lost');

  test('what arrives after the loss is not handed on', async () => {
    const { addStep, copyAndRead, steps, fail } = fake({ replicas: 1, capacity: 4 });
    addStep([1], [1]);
    const { staging, done } = copyAndRead()!;
    fail(lost);
    staging.settle!.resolve();
    await expect(done).rejects.toBe(lost);
    expect(steps).toEqual([]);
  });

  test('a read that fails before the loss is known still names the loss', async () => {
    const { addStep, copyAndRead, fail } = fake({ replicas: 1, capacity: 4 });
    addStep([1], [1]);
    const { staging, done } = copyAndRead()!;
    staging.settle!.reject(new Error('mapping was aborted'));
    setTimeout(() => fail(lost), 5);
    await expect(done).rejects.toBe(lost);
  });

  test('a read that fails without a loss says what failed', async () => {
    const { gpu, history, buffers } = fake({ replicas: 1, capacity: 4 });
    const read = readTensors(gpu, [history]);
    buffers.at(-1)!.settle!.reject(new Error('mapping was aborted'));
    await expect(read).rejects.toThrow(new GpuError('read-back cannot be read: mapping was aborted'));
  });
});

test('readTensors: each tensor whole, replica after replica', async () => {
  const { gpu, addStep, history, buffers } = fake({ replicas: 2, capacity: 2 });
  addStep([1, 2], [3, 4]);
  const read = readTensors(gpu, [history, { ...history, offsetBytes: 16, replicas: 1 }]);
  // Each into a buffer of its own: together they may be larger than one can be.
  for (const staging of buffers.slice(-2)) staging.settle!.resolve();
  const [all, second] = (await read).map((bytes) => Array.from(new Float32Array(bytes)));
  expect(all).toEqual([1, 3, 0, 0, 2, 4, 0, 0]);
  expect(second).toEqual([2, 4, 0, 0]);
});
