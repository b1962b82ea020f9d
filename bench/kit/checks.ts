// Every kernel variant against the float64 reference, on whatever adapter this is.
import type { Gpu } from '../../src/gpu/device.ts';
import { kernels } from '../../src/kernels/index.ts';
import { hopelessness, type Kernel, refusal, type Shape, type Variant } from '../../src/kernels/kernel.ts';
import { checkName, checkVariant, describeCheck } from '../../src/reference/check.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';

export interface CheckResults {
  readonly passed: number;
  /** What was wrong, or would not compile, in words. */
  readonly failed: readonly string[];
  /** `op/variant: why`, where a variant was checked at no shape. */
  readonly left: readonly string[];
}

const replicas = 2;

/** Shapes of a variant: its first, its last, and where time does not matter all. */
function shapesOf(kernel: Kernel, variant: Variant<Shape>, { capabilities }: Gpu, quick: boolean): Shape[] {
  const runs = defaultShapes(kernel.op, replicas).filter(
    (shape) => refusal(variant, shape, capabilities) === undefined,
  );
  return quick && runs.length > 2 ? [runs[0]!, runs.at(-1)!] : runs;
}

/** Checks the variants that are in the running here; with `quick` at two shapes each. */
export async function checkKernels(
  gpu: Gpu,
  quick: boolean,
  onProgress: (done: number, total: number, name: string) => void,
): Promise<CheckResults> {
  const all = kernels.flatMap((kernel) => kernel.variants.map((variant) => ({ kernel, variant })));
  let passed = 0;
  const failed: string[] = [];
  const left: string[] = [];
  for (const [index, { kernel, variant }] of all.entries()) {
    const name = `${kernel.op}/${variant.name}`;
    onProgress(index, all.length, name);
    const shapes = shapesOf(kernel, variant, gpu, quick);
    const reason = hopelessness(variant, shapes[0] ?? defaultShapes(kernel.op)[0]!, gpu.capabilities);
    if (shapes.length === 0 || reason !== undefined) {
      left.push(`${name}: ${reason ?? 'no shape'}`);
      continue;
    }
    for (const shape of shapes) {
      try {
        const result = await checkVariant(gpu, kernel, variant, shape, replicas, 1);
        if (result.ok) passed++;
        else failed.push(describeCheck(result));
      } catch (error) {
        gpu.check(); // A lost device ends everything; another error is this variant's.
        failed.push(`${checkName(kernel.op, variant.name, shape, replicas, 1)}: ${(error as Error).message}`);
      }
    }
  }
  return { passed, failed, left };
}
