// Products of which one operand stays in the private memory of eight lanes while the rows of the other pass by: lavapipe's variants for large ones.
import { type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { type HeldBlock, type MatmulShape, rolesOf, rowBlocks, sizes } from './matmul-shape.ts';
import { shader } from './shader.ts';

const { ceil, min } = Math;

/** Columns of a pass: a vec4 in each lane. */
const passColumns = 32;

/** As much as LLVM compiles in two seconds. A smaller block, for tests, in less: terms a multiple of 8, columns of 32. */
const fastest: HeldBlock = { terms: 64, columns: 64, rows: 256 };

/** Why the adapter cannot. */
export const noEightLanes = 'the adapter has no shuffles of eight lanes';

/** Multiply-adds that repay compiling a block. */
export const leastWork = 2 ** 21;

export function shuffleVariant(op: keyof typeof rolesOf, held: HeldBlock = fastest): Variant<MatmulShape> {
  const { rows, columns, terms } = rolesOf[op];
  /** That a lane, or all of them, load at a time; they are divided evenly among blocks. */
  const termsPerLoad = op === 'matmul-wgrad' ? 8 : 4;
  const passes = (shape: MatmulShape) => ceil(min(held.columns, shape[columns]) / passColumns);
  const loads = (shape: MatmulShape) => ceil(shape[terms] / termsPerLoad / ceil(shape[terms] / held.terms));
  const grid = (shape: MatmulShape) => {
    const columnBlocks = ceil(shape[columns] / (passColumns * passes(shape)));
    return [columnBlocks, rowBlocks(shape[rows], held.rows, columnBlocks)] as const;
  };
  return {
    name: `shuffle-${held.terms}x${held.columns}`,
    source: shader(`${op}/shuffle`),
    subgroups: true,
    madeFor: ['cpu'],
    unrolled: (shape) => 4 * termsPerLoad * loads(shape) * passes(shape),
    refuses: (shape, { eightLanes }) =>
      eightLanes ? wantsMultiplesOf4<MatmulShape>('N', 'K')(shape) : noEightLanes,
    // Large products, most of whose lanes have a column.
    pays: (shape) => shape.M * shape.N * shape.K >= leastWork && shape[columns] >= 24,
    constants: (shape) => ({
      ...sizes(shape),
      BLOCK: 8 * ceil(shape[rows] / 8 / grid(shape)[1]),
      LOADS: loads(shape),
      PASSES: passes(shape),
    }),
    grid,
  };
}
