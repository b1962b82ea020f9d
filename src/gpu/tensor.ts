import type { Gpu } from './device.ts';
import { GpuError } from './errors.ts';

/**
 * A view of a GPU buffer: `replicas` arrays of `size` 4-byte elements, `replicaStride` elements apart.
 * A stride of 0 shares one array between all replicas.
 */
export interface Tensor {
  readonly label: string;
  readonly buffer: GPUBuffer;
  /** Bytes from the start of the buffer; a multiple of 256, as bindings need. */
  readonly offsetBytes: number;
  /** Elements of one replica. */
  readonly size: number;
  readonly replicaStride: number;
  readonly replicas: number;
}

/** A tensor whose buffer is made when it is first asked for; views of it share it. */
class LazyTensor implements Tensor {
  readonly label: string;
  readonly offsetBytes: number;
  readonly size: number;
  readonly replicaStride: number;
  readonly replicas: number;
  readonly #make: () => GPUBuffer;

  constructor(shape: Omit<Tensor, 'buffer'>, make: () => GPUBuffer) {
    this.label = shape.label;
    this.offsetBytes = shape.offsetBytes;
    this.size = shape.size;
    this.replicaStride = shape.replicaStride;
    this.replicas = shape.replicas;
    this.#make = make;
  }

  get buffer(): GPUBuffer {
    return this.#make();
  }
}

/** The same buffer, seen otherwise. */
export function view(tensor: Tensor, change: Partial<Omit<Tensor, 'buffer'>>): Tensor {
  const { label, offsetBytes, size, replicaStride, replicas } = tensor;
  const shape = { label, offsetBytes, size, replicaStride, replicas, ...change };
  return new LazyTensor(shape, () => tensor.buffer);
}

/** Elements that a binding's offset must be a multiple of: 256 bytes, WebGPU's default for storage buffers. */
export const offsetAlignment = 64;

export const alignTo = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** The range of the buffer that a binding of this tensor covers. */
export function bindingOf(tensor: Tensor): GPUBufferBinding {
  const elements = (tensor.replicas - 1) * tensor.replicaStride + tensor.size;
  return { buffer: tensor.buffer, offset: tensor.offsetBytes, size: elements * 4 };
}

/** Part of a tensor, in every replica: `size` elements from element `start` (a multiple of 64) on. */
export function slice(tensor: Tensor, label: string, start: number, size: number): Tensor {
  if (start % offsetAlignment !== 0) throw new Error(`${label}: a slice cannot start at element ${start}`);
  return view(tensor, { label, offsetBytes: tensor.offsetBytes + start * 4, size });
}

/** A tensor as all replicas see its first one: for kernels that compute once for the whole population. */
export const firstReplica = (tensor: Tensor): Tensor => view(tensor, { replicas: 1 });

/** What an allocator wants of a device. */
export interface BufferDevice {
  readonly limits: Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>;
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer;
}

/**
 * Makes buffers and remembers them, so that a plan's memory can be stated and freed. A tensor's buffer is made when it is
 * first asked for: a tensor that no call uses in the end takes no memory, and a step can be recorded without a device.
 */
export class Allocator {
  readonly #device: BufferDevice | undefined;
  readonly #buffers: GPUBuffer[] = [];
  #sizeBytes = 0;
  #isFreed = false;

  /** Without `gpu` tensors have shapes alone; asking for a buffer is an error. */
  constructor(gpu?: { readonly device: BufferDevice }) {
    this.#device = gpu?.device;
  }

  /** Bytes of all buffers made here. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * A zeroed tensor of `replicas` arrays of `size` elements, each array starting at a multiple of 16 bytes. Its buffer is made
   * at the first use of `buffer`, which throws a GpuError where it is larger than the device's limits, and Error once it is freed.
   */
  tensor(label: string, size: number, replicas = 1, usage: GPUBufferUsageFlags = 0): Tensor {
    const replicaStride = alignTo(size, 4);
    let made: GPUBuffer | undefined;
    const make = () => {
      this.#requireKept(label);
      made ??= this.buffer(label, replicaStride * replicas * 4, usage);
      return made;
    };
    return new LazyTensor({ label, offsetBytes: 0, size, replicaStride, replicas }, make);
  }

  /** A zeroed storage buffer that can be copied from and to. */
  buffer(label: string, sizeBytes: number, usage: GPUBufferUsageFlags = 0): GPUBuffer {
    this.#requireKept(label);
    const device = this.#device;
    if (device === undefined)
      throw new Error(`${label}: a step that is recorded without a device has no buffers`);
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (sizeBytes > limit) {
      throw new GpuError(
        `${label} needs a buffer of ${sizeBytes} bytes, this adapter allows ${limit}: use fewer replicas, smaller batches or a smaller net`,
      );
    }
    const buffer = device.createBuffer({
      label,
      size: Math.max(alignTo(sizeBytes, 16), 16),
      usage: usage | GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#buffers.push(buffer);
    this.#sizeBytes += buffer.size;
    return buffer;
  }

  /** A submit with a freed buffer is an error of the device, which takes nothing afterwards; one made now would stay for good. */
  #requireKept(label: string): void {
    if (this.#isFreed) throw new Error(`${label}: its buffers were freed`);
  }

  /** Frees every buffer made here. None is made or given afterwards. */
  destroy(): void {
    this.#isFreed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.length = 0;
    this.#sizeBytes = 0;
  }
}

/** What `make` makes in buffers of its own. Where it fails they are freed. */
export async function allocating<T>(gpu: Gpu, make: (allocator: Allocator) => Promise<T>): Promise<T> {
  const allocator = new Allocator(gpu);
  try {
    return await make(allocator);
  } catch (error) {
    allocator.destroy();
    throw error;
  }
}
