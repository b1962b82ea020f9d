// Matrix products by shuffles of eight lanes, for large ones on lavapipe.
import { eightLanes } from './eight-lanes.ts';
import { type HeldBlock, type MatmulShape, rolesOf, sizes } from './matmul-shape.ts';
import { shader } from './shader.ts';

/** As much as LLVM compiles in two seconds. A smaller block, for tests, in less: terms a multiple of 8, columns of 32. */
const fastest: HeldBlock = { terms: 64, columns: 64, rows: 256 };

export function shuffleVariant(op: keyof typeof rolesOf, held: HeldBlock = fastest) {
  const { rows, columns, terms } = rolesOf[op];
  return eightLanes<MatmulShape>({
    name: `shuffle-${held.terms}x${held.columns}`,
    source: shader(`${op}/shuffle`),
    multiplesOf4: ['N', 'K'],
    mostColumns: held.columns,
    mostRows: held.rows,
    terms: (shape) => shape[terms],
    mostTerms: () => held.terms,
    termsPerLoad: op === 'matmul-wgrad' ? 8 : 4,
    hasTeams: false,
    columns: (shape) => shape[columns],
    rows: (shape) => shape[rows],
    times: () => 1,
    product: sizes,
    sizes,
  });
}
