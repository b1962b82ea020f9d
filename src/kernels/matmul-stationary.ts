// Products of which one operand stays in private memory while the rows of the other pass by: SwiftShader's variants for large ones.
import type { Variant } from './kernel.ts';
import { type MatmulShape, sizes } from './matmul-shape.ts';
import { shader } from './shader.ts';

const { ceil, max, min } = Math;

/** Which of M, N and K is what: rows pass by, columns are held, terms are summed. */
interface Stationary {
  readonly rows: 'M' | 'K';
  readonly columns: 'N' | 'K';
  readonly terms: 'M' | 'N' | 'K';
}

export const stationaryOps: Readonly<Record<'matmul-forward' | 'matmul-wgrad' | 'matmul-dgrad', Stationary>> =
  {
    'matmul-forward': { rows: 'M', columns: 'N', terms: 'K' },
    'matmul-wgrad': { rows: 'K', columns: 'N', terms: 'M' },
    'matmul-dgrad': { rows: 'M', columns: 'K', terms: 'N' },
  };

/** The block that a quad holds: terms and columns, multiples of 16; and the most rows that a workgroup passes by it. */
interface HeldBlock {
  readonly terms: number;
  readonly columns: number;
  readonly rows: number;
}

/** Fewer workgroups leave cores idle: blocks of rows are cut smaller for them, down to `leastRows`, where loading the held block begins to tell. */
const leastWorkgroups = 4;
const leastRows = 64;

/** The fastest. A sixteenth of it, for tests, compiles in a sixteenth of the time. */
const fastest: HeldBlock = { terms: 64, columns: 64, rows: 256 };

export function stationaryVariant(
  op: keyof typeof stationaryOps,
  held: HeldBlock = fastest,
): Variant<MatmulShape> {
  const { rows, columns, terms } = stationaryOps[op];
  const blocks = (shape: MatmulShape): number => {
    const wanted = ceil((leastWorkgroups * held.columns) / shape[columns]);
    return max(ceil(shape[rows] / held.rows), min(ceil(shape[rows] / leastRows), wanted));
  };
  const grid = (shape: MatmulShape) => [shape[columns] / held.columns, blocks(shape)] as const;
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
      BLOCK: 4 * ceil(shape[rows] / 4 / blocks(shape)),
      DEPTH4: held.terms / 4,
      COLS: held.columns / 16,
    }),
    grid,
  };
}
