/** A device for the bookkeeping of buffers, which computes nothing. */
import { vi } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';

export interface FakeGpu {
  readonly gpu: Gpu;
  /** Labels of the buffers that were made and are not freed. */
  readonly kept: Set<string>;
}

/** Its buffers hold at most `mostBytes`. A test file that makes one unstubs the globals. */
export function fakeGpu(mostBytes: number): FakeGpu {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 0, COPY_SRC: 0, COPY_DST: 0 });
  const kept = new Set<string>();
  const device = {
    limits: { maxBufferSize: mostBytes, maxStorageBufferBindingSize: mostBytes },
    createBuffer({ label, size }: GPUBufferDescriptor) {
      kept.add(label!);
      return { size, destroy: () => kept.delete(label!) };
    },
    queue: { writeBuffer() {} },
  };
  return { gpu: { device, check() {} } as unknown as Gpu, kept };
}
