import type { Gpu } from './device.ts';
import { GpuError, numberLines } from './errors.ts';

/** How a kernel uses one storage buffer. */
export type Access = 'read' | 'read_write';

export interface PipelineRequest {
  /** Op, variant and shape: for labels and error messages. */
  readonly label: string;
  /** WGSL with the entry point `main`. */
  readonly code: string;
  /** Access of binding 0, 1, ... of group 0. */
  readonly bindings: readonly Access[];
}

/** Compiled pipelines of one device. The key is the generated text: equal text, one pipeline. */
export class PipelineCache {
  readonly #gpu: Pick<Gpu, 'device' | 'check'>;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  /** Told how many pipelines of those that were asked for are compiled. */
  onProgress: (compiled: number, wanted: number) => void = () => {};
  #compiled = 0;

  constructor(gpu: Pick<Gpu, 'device' | 'check'>) {
    this.#gpu = gpu;
  }

  /** The explicit layout of group 0 for these accesses. */
  layout(bindings: readonly Access[]): GPUBindGroupLayout {
    const key = bindings.join();
    let layout = this.#layouts.get(key);
    if (layout === undefined) {
      layout = this.#gpu.device.createBindGroupLayout({
        label: key,
        entries: bindings.map((access, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  /**
   * Compiles, or returns what was compiled before.
   * @throws GpuError in one line: the kernel and the compiler's first message. Its cause has all messages and the text with line numbers.
   */
  pipeline(request: PipelineRequest): Promise<GPUComputePipeline> {
    const key = `${request.bindings.join()}\n${request.code}`;
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.#compile(request);
      this.#pipelines.set(key, pipeline);
      const count = () => this.onProgress(++this.#compiled, this.#pipelines.size);
      // What failed is not kept: the device may have been short of memory.
      pipeline.then(count, () => this.#pipelines.delete(key));
    }
    return pipeline;
  }

  async #compile({ label, code, bindings }: PipelineRequest): Promise<GPUComputePipeline> {
    const { device } = this.#gpu;
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label, code });
    const scope = device.popErrorScope();
    const { messages } = await module.getCompilationInfo();
    const errors = messages.filter((message) => message.type === 'error');
    const refused = await scope;
    if (errors.length > 0 || refused !== null) {
      const list = errors.map((error) => `${error.lineNum}:${error.linePos} ${error.message.trim()}`);
      const reason = list.join('\n') || refused?.message;
      throw new GpuError(`${label} does not compile: ${reason}\n${numberLines(code)}`);
    }
    const layout = device.createPipelineLayout({ label, bindGroupLayouts: [this.layout(bindings)] });
    try {
      return await device.createComputePipelineAsync({
        label,
        layout,
        compute: { module, entryPoint: 'main' },
      });
    } catch (error) {
      this.#gpu.check();
      throw new GpuError(`${label} makes no pipeline: ${(error as Error).message}\n${numberLines(code)}`);
    }
  }
}
