import { wantsMultiplesOf4 } from './kernel.ts';

/** x(M,K), w(K,N), y(M,N). */
export type MatmulShape = { readonly M: number; readonly N: number; readonly K: number };

/** A forward product whose K terms are summed in SPLITS parts. */
export type SplitMatmulShape = MatmulShape & { readonly SPLITS: number };

export const sizes = ({ M, N, K }: MatmulShape) => ({ M, N, K });

export const cost = ({ M, N, K }: MatmulShape) => ({
  flops: 2 * M * N * K,
  bytes: 4 * (M * K + K * N + M * N),
});

/** Which of M, N and K is what in a product of which one operand is held: rows pass by, columns are held, terms are summed. */
export interface Roles {
  readonly rows: 'M' | 'K';
  readonly columns: 'N' | 'K';
  readonly terms: 'M' | 'N' | 'K';
}

export const rolesOf: Readonly<Record<'matmul-forward' | 'matmul-wgrad' | 'matmul-dgrad', Roles>> = {
  'matmul-forward': { rows: 'M', columns: 'N', terms: 'K' },
  'matmul-wgrad': { rows: 'K', columns: 'N', terms: 'M' },
  'matmul-dgrad': { rows: 'M', columns: 'K', terms: 'N' },
};

/** The block that a workgroup holds, terms times columns, and the most rows that it passes by it. */
export interface HeldBlock {
  readonly terms: number;
  readonly columns: number;
  readonly rows: number;
}

/** Refusal of shapes that vec4 accesses cannot read, and of those that a tile of `columns` columns would mostly miss. */
export const fits =
  (columns: number, along: 'N' | 'K') =>
  (shape: MatmulShape): string | undefined =>
    wantsMultiplesOf4<MatmulShape>('N', 'K')(shape) ??
    (shape[along] < columns ? `its tile has ${columns} columns, ${along} is ${shape[along]}` : undefined);

/** Terms of K that one split sums: a multiple of 4, so that vec4 loads stay aligned. */
export const splitK = ({ K, SPLITS }: SplitMatmulShape): number => 4 * Math.ceil(K / 4 / SPLITS);
