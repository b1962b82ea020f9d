/** Grids of more workgroups than the adapter starts in one dimension. */
import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { biasGradient } from '../../src/kernels/bias.ts';
import { kernels } from '../../src/kernels/index.ts';
import { type Kernel, refusal, type Shape, type Variant } from '../../src/kernels/kernel.ts';
import { matmulForward } from '../../src/kernels/matmul.ts';
import { variantNamed } from '../../src/kernels/variant-choice.ts';
import { checkName, checkVariant, describeCheck } from '../../src/reference/check.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';
import { smallBlocks } from './small-blocks.ts';
import { gpu } from './test-gpu.ts';

/** The device as one that starts so few workgroups per dimension. */
function withLimit(maxWorkgroupsPerDimension: number): Gpu {
  const capabilities = { ...gpu.capabilities, maxWorkgroupsPerDimension };
  return Object.create(gpu, { capabilities: { value: capabilities } });
}

const few = withLimit(2);

interface Case {
  readonly variant: Variant<Shape>;
  readonly shape: Shape;
  readonly replicas: number;
}

/** Of the variants made of one file and the op's shapes, those that take the most workgroups, in both dimensions where one does. */
function largest({ op, cost }: Kernel, variants: readonly Variant<Shape>[]): Case | undefined {
  const cases = [2, 1].flatMap((replicas) =>
    defaultShapes(op, replicas)
      .filter((shape) => cost(shape).flops <= 2e6 / replicas)
      .flatMap((shape) => variants.map((variant) => ({ variant, shape, replicas })))
      .filter(({ variant, shape }) => refusal(variant, shape, gpu.capabilities) === undefined),
  );
  const size = ({ variant, shape }: Case): number => {
    const [x, y] = variant.grid(shape);
    return Math.max(x, y) <= 2 ? 0 : (x > 2 && y > 2 ? 1e6 : 0) + x + y;
  };
  const most = Math.max(...cases.map(size));
  return most === 0 ? undefined : cases.find((each) => size(each) === most);
}

describe('at most 2 workgroups per dimension', () => {
  for (const kernel of kernels) {
    for (const source of new Set(kernel.variants.map((variant) => variant.source))) {
      const made = kernel.variants.filter((variant) => variant.source === source);
      const small = smallBlocks[made[0]!.name.split('-')[0]!]?.[kernel.op];
      const found = largest(kernel, small === undefined ? made : (small as readonly Variant<Shape>[]));
      if (found === undefined) continue;
      const { variant, shape, replicas } = found;
      test(checkName(kernel.op, variant.name, shape, replicas, 1), async () => {
        const result = await checkVariant(few, kernel, variant, shape, replicas, 1);
        expect(result.ok, describeCheck(result)).toBe(true);
      });
    }
  }
});

describe('beyond 65,535', () => {
  const beyond = async <S extends Shape>(kernel: Kernel<S>, name: string, shape: S, dimension: 0 | 1) => {
    const variant = variantNamed(kernel, name);
    expect(variant.grid(shape)[dimension]).toBeGreaterThan(65_535);
    const result = await checkVariant(gpu, kernel, variant, shape, 1, 1);
    expect(result.ok, describeCheck(result)).toBe(true);
  };

  test('bias-gradient M=2 N=524289', () => beyond(biasGradient, 'naive', { M: 2, N: 524_289 }, 0));

  test('matmul-forward/naive M=524290 N=2 K=1', () =>
    beyond(matmulForward, 'naive', { M: 524_290, N: 2, K: 1 }, 1));
});
