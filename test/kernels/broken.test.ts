import { describe, expect, test } from 'vitest';
import { kernels } from '../../src/kernels/index.ts';
import { type Kernel, noEightLanes, refusal, type Shape, type Variant } from '../../src/kernels/kernel.ts';
import { checkVariant } from '../../src/reference/check.ts';
import { checks, defaultShapes } from '../../src/reference/checks/table.ts';
import { broken } from './broken.ts';
import { smallBlocks } from './small-blocks.ts';
import { gpu } from './test-gpu.ts';

const replicas = 2;

/** Of the variants that a mistake can be made in, those that compile fastest: they are made of one file. */
function cheapest({ op, variants }: Kernel, start: string): readonly Variant<never>[] {
  if (start in smallBlocks) return smallBlocks[start]?.[op] ?? [];
  const unrolled = (variant: Variant<Shape>) => variant.unrolled?.(defaultShapes(op, replicas)[0]!) ?? 0;
  const made = variants.filter(({ name }) => name.startsWith(start));
  return made.toSorted((a, b) => unrolled(a) - unrolled(b)).slice(0, 1);
}

/** Is there a shape of the op's table, or a seed, with which the check fails? Light shapes only. */
async function isRejected(kernel: Kernel, variant: Variant<never>): Promise<boolean> {
  const shapes = defaultShapes(kernel.op, replicas).filter((shape) => kernel.cost(shape).flops < 1e6);
  for (const shape of shapes.toReversed()) {
    if (refusal(variant as never, shape, gpu.capabilities) !== undefined) continue;
    for (const seed of [1, 2]) {
      const { ok } = await checkVariant(gpu, kernel, variant as never, shape, replicas, seed);
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
      // An adapter whose compiler is slow is given what is made for it alone.
      if (gpu.capabilities.kind === 'cpu' && start !== 'shuffle') continue;
      test(`${kernel.op}/${start} that ${mistake}`, async ({ skip }) => {
        const variants = cheapest(kernel, start);
        const [first] = variants;
        if (first === undefined) throw new Error(`${kernel.op} has no variant ${start}...`);
        skip(first.subgroups === true && !gpu.capabilities.subgroups, 'the adapter has no subgroups');
        skip(first.eightLanes === true && !gpu.capabilities.eightLanes, noEightLanes);
        expect(first.source).toContain(find);
        const isSeen = async (variant: Variant<never>) =>
          isRejected(kernel, { ...variant, source: variant.source.replaceAll(find, replace) });
        expect((await Promise.all(variants.map(isSeen))).includes(true)).toBe(true);
      });
    }
  }
});
