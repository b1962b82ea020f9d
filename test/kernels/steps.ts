import { expect } from 'vitest';
import type { Kernel, Shape, Variant } from '../../src/kernels/kernel.ts';
import { checkCase, checkName, describeCheck, makeCase } from '../../src/reference/check.ts';
import type { Elements } from '../../src/reference/checks/case.ts';
import { gpu } from './test-gpu.ts';

type Bindings = Readonly<Record<string, readonly Elements[]>>;

/**
 * Runs a kernel for several steps: what one step leaves in its `read_write` bindings is what the next one finds there,
 * and each step is checked against the reference on the same float32 inputs.
 * @param given other inputs of a step; tables and what else is not given stay those of step 0
 * @returns what each step left
 */
export async function checkSteps<S extends Shape>(
  kernel: Kernel<S>,
  variant: Variant<S>,
  shape: S,
  replicas: number,
  steps: number,
  given: (step: number) => Bindings,
): Promise<Bindings[]> {
  const left: Bindings[] = [];
  const first = makeCase(kernel.op, shape, replicas, 1, { given: given(0) });
  for (let step = 0; step < steps; step++) {
    const inputs = { ...first.inputs, ...left.at(-1), ...given(step) };
    const data = makeCase(kernel.op, shape, replicas, 1, { given: inputs });
    const name = `${checkName(kernel.op, variant.name, shape, replicas, 1)}, step ${step}`;
    const result = await checkCase(gpu, kernel, variant, shape, name, data);
    expect(result.ok, describeCheck(result)).toBe(true);
    const outputs: Record<string, Elements[]> = {};
    for (const { binding, actual } of result.outputs) {
      outputs[binding] ??= [];
      outputs[binding].push(actual);
    }
    left.push(outputs);
  }
  return left;
}

/** (R, 4): every replica at this step. */
export const countersAt = (replicas: number, step: number): Uint32Array<ArrayBuffer>[] =>
  Array.from({ length: replicas }, () => Uint32Array.of(step, 0, 0, 0));
