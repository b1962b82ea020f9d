import { describe, expect, test } from 'vitest';
import { kernels } from '../../src/kernels/index.ts';
import { type Kernel, refusal, type Shape, type Variant } from '../../src/kernels/kernel.ts';
import { stationaryOps, stationaryVariant } from '../../src/kernels/matmul-stationary.ts';
import { checkVariant } from '../../src/reference/check.ts';
import { checks, defaultShapes } from '../../src/reference/checks/table.ts';
import { broken } from './broken.ts';
import { gpu, pipelines } from './test-gpu.ts';

const replicas = 2;

/** Of the variants that a mistake can be made in, the one that compiles fastest: they are made of one file. */
function cheapest({ op, variants }: Kernel, start: string): Variant<never> | undefined {
  if (start === 'stationary' && op in stationaryOps) {
    return stationaryVariant(op as keyof typeof stationaryOps, { terms: 16, columns: 16, rows: 32 });
  }
  const unrolled = (variant: Variant<Shape>) => variant.unrolled?.(defaultShapes(op, replicas)[0]!) ?? 0;
  const made = variants.filter(({ name }) => name.startsWith(start));
  return made.toSorted((a, b) => unrolled(a) - unrolled(b))[0];
}

/** Is there a shape of the op's table, or a seed, with which the check fails? Light shapes only. */
async function isRejected(kernel: Kernel, variant: Variant<never>): Promise<boolean> {
  const shapes = defaultShapes(kernel.op, replicas).filter((shape) => kernel.cost(shape).flops < 1e6);
  for (const shape of shapes.toReversed()) {
    if (refusal(variant as never, shape, gpu.capabilities) !== undefined) continue;
    for (const seed of [1, 2]) {
      const options = { pipelines };
      const { ok } = await checkVariant(gpu, kernel, variant as never, shape, replicas, seed, options);
      if (!ok) return true;
    }
  }
  return false;
}

describe('the check rejects', () => {
  test('a mistake of every op', () => {
    const ops = kernels.map(({ op }) => op).sort();
    expect(Object.keys(broken).sort()).toEqual(ops);
    expect(Object.keys(checks).sort()).toEqual(ops);
  });
  for (const kernel of kernels) {
    for (const { variant: start, mistake, find, replace } of broken[kernel.op] ?? []) {
      test(`${kernel.op}/${start} that ${mistake}`, async ({ skip }) => {
        const variant = cheapest(kernel, start);
        if (variant === undefined) throw new Error(`${kernel.op} has no variant ${start}...`);
        skip(variant.subgroups === true && !gpu.capabilities.subgroups, 'the adapter has no subgroups');
        expect(variant.source).toContain(find);
        const wrong = { ...variant, source: variant.source.replaceAll(find, replace) };
        expect(await isRejected(kernel, wrong)).toBe(true);
      });
    }
  }
});
