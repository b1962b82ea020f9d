import { afterAll, describe, expect, test } from 'vitest';
import { type Kernel, refusal, type Shape, shapeText } from '../../src/kernels/kernel.ts';
import { checkCase, checkName, describeCheck, makeCase } from '../../src/reference/check.ts';
import type { CheckCase } from '../../src/reference/checks/case.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';
import { gpu, pipelines } from './test-gpu.ts';

/** Shapes with more work than this run with one replica only: the software adapter computes them on the CPU. */
const heavyFlops = 4e6;
/** Each variant must run at least so many of its op's shapes. */
const leastShapes = 3;

/**
 * Tests of every variant of an op with the shapes of its check table and 1, 2 and 5 replicas. A test's name reproduces
 * it. What a variant refuses is printed with the reason.
 */
export function testEveryVariant<S extends Shape>(kernel: Kernel<S>, seeds: readonly number[] = [1]): void {
  const { capabilities } = gpu;
  /** The variants of an op are given the same data, which are made once. */
  const cases = new Map<string, CheckCase>();
  const caseOf = (shape: S, replicas: number, seed: number): CheckCase => {
    const key = checkName(kernel.op, '', shape, replicas, seed);
    const found = cases.get(key) ?? makeCase(kernel.op, shape, replicas, seed);
    cases.set(key, found);
    return found;
  };
  for (const variant of kernel.variants) {
    const refused = new Map<string, string>();
    const ran = new Set<string>();
    describe(`${kernel.op}/${variant.name}`, () => {
      for (const replicas of [1, 2, 5]) {
        for (const [index, shape] of (defaultShapes(kernel.op, replicas) as readonly S[]).entries()) {
          const reason = refusal(variant, shape, capabilities);
          if (reason !== undefined && replicas === 1) refused.set(shapeText(shape), reason);
          if (reason !== undefined || (replicas > 1 && kernel.cost(shape).flops > heavyFlops)) continue;
          ran.add(String(index));
          for (const seed of seeds) {
            const name = checkName(kernel.op, variant.name, shape, replicas, seed);
            test(name, async () => {
              const data = caseOf(shape, replicas, seed);
              const result = await checkCase(gpu, kernel, variant, shape, name, data, pipelines);
              expect(result.ok, describeCheck(result)).toBe(true);
            });
          }
        }
      }
      test('runs several shapes', ({ skip }) => {
        skip(variant.subgroups === true && !capabilities.subgroups, 'the adapter has no subgroups');
        expect(ran.size).toBeGreaterThanOrEqual(leastShapes);
      });
      afterAll(() => {
        const lines = Array.from(refused, ([shape, reason]) => `  ${shape}: ${reason}`);
        if (lines.length > 0) console.info([`${kernel.op}/${variant.name} refuses`, ...lines].join('\n'));
      });
    });
  }
}
