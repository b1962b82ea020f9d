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

/** Refusal of shapes that vec4 accesses cannot read, and of those that a tile of `columns` columns would mostly miss. */
export const fits =
  (columns: number, along: 'N' | 'K') =>
  (shape: MatmulShape): string | undefined =>
    wantsMultiplesOf4<MatmulShape>('N', 'K')(shape) ??
    (shape[along] < columns ? `its tile has ${columns} columns, ${along} is ${shape[along]}` : undefined);

/** Terms of K that one split sums: a multiple of 4, so that vec4 loads stay aligned. */
export const splitK = ({ K, SPLITS }: SplitMatmulShape): number => 4 * Math.ceil(K / 4 / SPLITS);
