// Products of which one operand stays in private memory while the rows of the other pass by: SwiftShader's variants for large ones.
import { leastWorkgroups, rowBlocks } from './held-product.ts';
import type { Variant } from './kernel.ts';
import { type HeldBlock, type MatmulShape, rolesOf, sizes } from './matmul-shape.ts';
import { shader } from './shader.ts';

const { ceil } = Math;

/** The fastest, terms and columns multiples of 16. A sixteenth of it, for tests, compiles in a sixteenth of the time. */
const fastest: HeldBlock = { terms: 64, columns: 64, rows: 256 };

export function stationaryVariant(op: keyof typeof rolesOf, held: HeldBlock = fastest): Variant<MatmulShape> {
  const { rows, columns, terms } = rolesOf[op];
  const grid = (shape: MatmulShape) => {
    const columnBlocks = shape[columns] / held.columns;
    return [columnBlocks, rowBlocks(shape[rows], held.rows, columnBlocks)] as const;
  };
  return {
    name: `stationary-${held.terms}x${held.columns}`,
    source: shader(`${op}/stationary`),
    subgroups: true,
    madeFor: ['swiftshader'],
    unrolled: () => held.terms * held.columns,
    refuses: (shape) => {
      const odd = [rows, terms].find((name) => shape[name] % 4 !== 0);
      if (odd !== undefined) return `${odd} = ${shape[odd]} is not a multiple of 4`;
      if (shape[columns] % held.columns === 0) return undefined;
      return `${columns} = ${shape[columns]} is not a multiple of its ${held.columns} columns`;
    },
    // Large products, whose blocks of terms are mostly filled, with work for two cores and more.
    pays: (shape) => {
      const filled = shape[terms] / (held.terms * ceil(shape[terms] / held.terms));
      const [x, y] = grid(shape);
      return shape.M * shape.N * shape.K >= 2 ** 23 && filled >= 0.75 && x * y >= leastWorkgroups;
    },
    constants: (shape) => ({
      ...sizes(shape),
      BLOCK: 4 * ceil(shape[rows] / 4 / grid(shape)[1]),
      DEPTH4: held.terms / 4,
      COLS: held.columns / 16,
    }),
    grid,
  };
}
