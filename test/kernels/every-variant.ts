import { afterAll, describe, expect, test } from 'vitest';
import { type Kernel, refusal, type Shape, shapeText, type Variant } from '../../src/kernels/kernel.ts';
import { checkCase, checkName, describeCheck, makeCase } from '../../src/reference/check.ts';
import type { CheckCase } from '../../src/reference/checks/case.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';
import { gpu, pipelines } from './test-gpu.ts';

/** Shapes with more work than this run with one replica only: the software adapter computes them on the CPU. */
const heavyFlops = 4e6;
/** Each variant must run at least so many of its op's shapes. */
const leastShapes = 3;

/** Does this adapter's compiler take seconds where SwiftShader's takes none? Then each variant gets three shapes. */
const compilesSlowly = Number.isFinite(gpu.capabilities.mostUnrolled);

/** Is this the tile of its shader that compiles fastest? It is tested thoroughly, the others where tiles differ. */
function isFastest<S extends Shape>({ op, variants }: Kernel<S>, variant: Variant<S>): boolean {
  const [shape] = defaultShapes(op, 1) as readonly S[];
  const unrolled = (one: Variant<S>) => one.unrolled?.(shape!) ?? 0;
  const ofFile = variants.filter(({ source }) => source === variant.source);
  return ofFile.toSorted((a, b) => unrolled(a) - unrolled(b))[0] === variant;
}

/** Replicas of a variant's tests: 1, 2 and 5 of the fastest tile; the others are tested with two, or where compilation is slow not at all. */
function replicaCounts<S extends Shape>(kernel: Kernel<S>, variant: Variant<S>): readonly number[] {
  if (compilesSlowly) return isFastest(kernel, variant) ? [2] : [];
  return isFastest(kernel, variant) ? [1, 2, 5] : [2];
}

/**
 * The most shapes that a variant runs: all where its tile is the fastest of its shader, else five; fewer with thousands of multiply-adds
 * written out, of which SwiftShader compiles 2,000 in a second, for each shape anew.
 */
function mostShapes<S extends Shape>(kernel: Kernel<S>, variant: Variant<S>, shapes: readonly S[]): number {
  const written = Math.max(0, ...shapes.map((shape) => variant.unrolled?.(shape) ?? 0));
  if (written > 2000) return written > 4000 ? 1 : 2;
  if (compilesSlowly) return leastShapes;
  return isFastest(kernel, variant) ? shapes.length : 5;
}

/** So many of the shapes, from the first to the last; a single one is the last, which tables have for a large one. */
function tested<S extends Shape>(most: number, shapes: readonly S[]): readonly S[] {
  const [count, last] = [Math.min(most, shapes.length), shapes.length - 1];
  if (count === 1) return shapes.slice(-1);
  return Array.from({ length: count }, (_, i) => shapes[Math.floor((i * last) / (count - 1))]!);
}

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
      for (const replicas of replicaCounts(kernel, variant)) {
        const shapes = (defaultShapes(kernel.op, replicas) as readonly S[]).filter((shape) => {
          const reason = refusal(variant, shape, capabilities);
          if (reason !== undefined) refused.set(shapeText(shape), reason);
          return reason === undefined && (replicas === 1 || kernel.cost(shape).flops <= heavyFlops);
        });
        for (const shape of tested(mostShapes(kernel, variant, shapes), shapes)) {
          ran.add(shapeText(shape));
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
        const reason = [...refused.values()][0] ?? 'another tile of its shader is tested';
        skip(ran.size === 0 && compilesSlowly, `this adapter compiles slowly: ${reason}`);
        const all = defaultShapes(kernel.op, 1) as readonly S[];
        expect(ran.size).toBeGreaterThanOrEqual(Math.min(mostShapes(kernel, variant, all), leastShapes));
      });
      afterAll(() => {
        const lines = Array.from(refused, ([shape, reason]) => `  ${shape}: ${reason}`);
        if (lines.length > 0) console.info([`${kernel.op}/${variant.name} refuses`, ...lines].join('\n'));
      });
    });
  }
}
