import { afterAll, describe, expect, test } from 'vitest';
import {
  type Kernel,
  noEightLanes,
  refusal,
  type Shape,
  shapeText,
  type Variant,
} from '../../src/kernels/kernel.ts';
import { checkCase, checkName, describeCheck, makeCase } from '../../src/reference/check.ts';
import type { CheckCase } from '../../src/reference/checks/case.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';
import { gpu } from './test-gpu.ts';

/** Shapes with more work than this run with one replica only: the software adapter computes them on the CPU. */
const heavyFlops = 4e6;
/** Each variant must run at least so many of its op's shapes. */
const leastShapes = 3;

/** Does this adapter's compiler take seconds where SwiftShader's takes none? Then each variant gets three shapes. */
const compilesSlowly = Number.isFinite(gpu.capabilities.mostUnrolled);

/**
 * Replicas of a variant's tests: those of the tile of a shader that compiles fastest; the others are tested with two, or where compilation is
 * slow not at all.
 */
function replicaCounts<S extends Shape>({ op, variants }: Kernel<S>, variant: Variant<S>): readonly number[] {
  const [shape] = defaultShapes(op, 1) as readonly S[];
  const unrolled = (one: Variant<S>) => one.unrolled?.(shape!) ?? 0;
  const ofFile = variants.filter(({ source }) => source === variant.source);
  const isFastest = ofFile.toSorted((a, b) => unrolled(a) - unrolled(b))[0] === variant;
  if (compilesSlowly) return isFastest ? [2] : [];
  return isFastest ? [1, 2, 5] : [2];
}

/** Multiply-adds of a shader that takes half a second to compile for each shape (SwiftShader compiles 2,000 in a second), and of one that takes three. */
const longText = 1024;
const longestText = 4096;

/** The shapes that a variant runs: all; the first, the last and one between where compilation is slow; of those whose text is long the first and the last, of the longest the last. */
function tested<S extends Shape>(variant: Variant<S>, shapes: readonly S[], isShort: boolean): readonly S[] {
  if (isShort) return shapes;
  const last = shapes.length - 1;
  if (compilesSlowly && shapes.length > leastShapes) return [shapes[0]!, shapes[last >> 1]!, shapes[last]!];
  const longTexts = shapes.filter((shape) => writtenOut(variant, shape) > longText);
  const longest = longTexts.filter((shape) => writtenOut(variant, shape) >= longestText);
  const kept = new Set([longTexts[0], longTexts.at(-1), longest.at(-1)]);
  for (const shape of longest.slice(0, -1)) kept.delete(shape);
  return shapes.filter((shape) => !longTexts.includes(shape) || kept.has(shape));
}

/** Multiply-adds that a variant writes out. */
const writtenOut = <S extends Shape>({ unrolled }: Variant<S>, shape: S): number => unrolled?.(shape) ?? 0;

/**
 * Tests of every variant of an op with the shapes of its check table and 1, 2 and 5 replicas. A test's name reproduces
 * it. What a variant refuses is printed with the reason. `isShort`: texts that any adapter compiles for every shape.
 */
export function testEveryVariant<S extends Shape>(
  kernel: Kernel<S>,
  { seeds = [1], isShort = false }: { readonly seeds?: readonly number[]; readonly isShort?: boolean } = {},
): void {
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
      for (const replicas of replicaCounts(kernel, variant)) {
        const shapes = (defaultShapes(kernel.op, replicas) as readonly S[]).filter((shape) => {
          const reason = refusal(variant, shape, capabilities);
          if (reason !== undefined) refused.set(shapeText(shape), reason);
          return reason === undefined && (replicas === 1 || kernel.cost(shape).flops <= heavyFlops);
        });
        for (const shape of tested(variant, shapes, isShort)) {
          ran.add(shapeText(shape));
          for (const seed of seeds) {
            const name = checkName(kernel.op, variant.name, shape, replicas, seed);
            test(name, async () => {
              const data = caseOf(shape, replicas, seed);
              const result = await checkCase(gpu, kernel, variant, shape, name, data);
              expect(result.ok, describeCheck(result)).toBe(true);
            });
          }
        }
      }
      test('runs several shapes', ({ skip }) => {
        skip(variant.subgroups === true && !capabilities.subgroups, 'the adapter has no subgroups');
        skip(variant.eightLanes === true && !capabilities.eightLanes, noEightLanes);
        const { invocations = 0 } = variant;
        const most = capabilities.maxInvocationsPerWorkgroup;
        skip(invocations > most, `the adapter starts ${most} invocations`);
        const reason = [...refused.values()][0] ?? 'another tile of its shader is tested';
        skip(ran.size === 0 && compilesSlowly, `this adapter compiles slowly: ${reason}`);
        const all = defaultShapes(kernel.op, 1) as readonly S[];
        const texts = all.map((shape) => writtenOut(variant, shape));
        const fewest =
          Math.min(...texts) >= longestText ? 1 : Math.max(...texts) > longText ? 2 : leastShapes;
        expect(ran.size).toBeGreaterThanOrEqual(fewest);
      });
      afterAll(() => {
        const lines = Array.from(refused, ([shape, reason]) => `  ${shape}: ${reason}`);
        if (lines.length > 0) console.info([`${kernel.op}/${variant.name} refuses`, ...lines].join('\n'));
      });
    });
  }
}
