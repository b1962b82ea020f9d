// Matrix products by shuffles of eight lanes, for large ones on lavapipe.
import { eightLanes } from './eight-lanes.ts';
import { type HeldBlock, type MatmulShape, rolesOf, sizes } from './matmul-shape.ts';
import { shader } from './shader.ts';

const { ceil, min } = Math;

/** As much as LLVM compiles in two seconds. A smaller block, for tests, in less: terms a multiple of 8, columns of 32. */
const fastest: HeldBlock = { terms: 64, columns: 64, rows: 256 };

export function shuffleVariant(op: keyof typeof rolesOf, held: HeldBlock = fastest) {
  const { rows, columns, terms } = rolesOf[op];
  const termsPerLoad = op === 'matmul-wgrad' ? 8 : 4;
  return eightLanes<MatmulShape>({
    name: `shuffle-${held.terms}x${held.columns}`,
    source: shader(`${op}/shuffle`),
    multiplesOf4: ['N', 'K'],
    termsPerLoad,
    mostRows: held.rows,
    product: sizes,
    columns: (shape) => shape[columns],
    rows: (shape) => shape[rows],
    times: () => 1,
    wide: () => 8,
    passes: (shape) => ceil(min(held.columns, shape[columns]) / 32),
    // Terms are divided evenly among blocks.
    block: (shape) => ({
      ...sizes(shape),
      LOADS: ceil(shape[terms] / termsPerLoad / ceil(shape[terms] / held.terms)),
    }),
  });
}
