// Products of which one operand stays in the private memory of eight lanes while the rows of the other pass by: lavapipe's variants for large ones.
import { type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { type HeldBlock, type MatmulShape, rolesOf, rowBlocks, sizes } from './matmul-shape.ts';
import { shader } from './shader.ts';

const { ceil, min } = Math;

/** Columns of a pass: a vec4 in each lane. */
const passColumns = 32;

/** As much as LLVM compiles in two seconds. A smaller block, for tests, in less. */
const fastest: HeldBlock = { terms: 64, columns: 64, rows: 256 };

/** Why the adapter cannot. */
export const noEightLanes = 'the adapter has no shuffles of eight lanes';

export function shuffleVariant(op: keyof typeof rolesOf, held: HeldBlock = fastest): Variant<MatmulShape> {
  const roles = rolesOf[op];
  const { rows, columns, terms } = roles;
  const passes = (shape: MatmulShape) =>
    min(held.columns, passColumns * ceil(shape[columns] / passColumns)) / passColumns;
  /** Terms that a lane, or all of them, load at a time; they are divided evenly among blocks. */
  const step = op === 'matmul-wgrad' ? 8 : 4;
  const loads = (shape: MatmulShape) => ceil(shape[terms] / step / ceil(shape[terms] / held.terms));
  return {
    name: `shuffle-${held.terms}x${held.columns}`,
    source: shader(`${op}/shuffle`),
    subgroups: true,
    madeFor: ['cpu'],
    unrolled: (shape) => 4 * step * loads(shape) * passes(shape),
    refuses: (shape, { eightLanes }) =>
      eightLanes ? wantsMultiplesOf4<MatmulShape>('N', 'K')(shape) : noEightLanes,
    // Large products, most of whose lanes have a column.
    pays: (shape) => shape.M * shape.N * shape.K >= 2 ** 21 && shape[columns] >= 24,
    constants: (shape) => ({
      ...sizes(shape),
      BLOCK: 8 * ceil(shape[rows] / 8 / rowBlocks(shape, roles, held)),
      LOADS: loads(shape),
      PASSES: passes(shape),
    }),
    grid: (shape) => [ceil(shape[columns] / (passColumns * passes(shape))), rowBlocks(shape, roles, held)],
  };
}
