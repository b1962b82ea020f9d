/** The device that the tests of this folder share; those that break one ask for their own. */
import { type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { GpuError } from '../../src/gpu/errors.ts';
import { PipelineCache, type PipelineRequest } from '../../src/gpu/pipelines.ts';
import { kernels } from '../../src/kernels/index.ts';
import { forcedChoice, type VariantChoice, variantNamed } from '../../src/kernels/variant-choice.ts';

let shared: Promise<Gpu> | undefined;

export function sharedGpu(): Promise<Gpu> {
  shared ??= requestGpu(navigator.gpu);
  return shared;
}

class PipelinesRefusing extends PipelineCache {
  readonly #part: string;

  constructor(gpu: Gpu, part: string) {
    super(gpu);
    this.#part = part;
  }

  override async pipeline(request: PipelineRequest): Promise<GPUComputePipeline> {
    if (request.label.includes(this.#part)) throw new GpuError(`${request.label} makes no pipeline`);
    return super.pipeline(request);
  }
}

/** A device whose driver does not compile kernels whose label has this part. */
export const refusing = (gpu: Gpu, part: string): Gpu => ({
  ...gpu,
  pipelines: new PipelinesRefusing(gpu, part),
});

/** The plainest variant of every op. */
export const naiveChoice: VariantChoice = (kernel) => kernel.variants[0]!;

const smallTiles: Readonly<Record<string, string>> = {
  'matmul-forward': 'quad-5x12',
  'matmul-wgrad': 'quad-8x12',
  'gather-matmul-forward': 'quad-13x12',
  'gather-matmul-wgrad': 'quad-16x12',
  'conv-forward': 'strip-4x16',
  'conv-wgrad': 'strip-12x16',
  'conv-dgrad': 'strip-4x16',
};
// A forced variant that does not exist is left to the naive one: without this the tests would only become slow.
for (const kernel of kernels) {
  const name = smallTiles[kernel.op];
  if (name !== undefined) variantNamed(kernel, name);
}

/** Small tiles: compiled in a twentieth of the default variants' time, five times faster than naive (SwiftShader, 2026-11). */
export const quickChoice: VariantChoice = forcedChoice(smallTiles, naiveChoice);
