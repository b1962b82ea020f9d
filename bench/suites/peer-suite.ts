/** The `peers` suite: whole steps and matrix products of other frameworks, in the same browser, in the same rounds as ours. */
import type { Skipped } from '../../src/measure/schema.ts';

interface About {
  readonly suite: 'peers';
  readonly id: string;
  readonly title: string;
  readonly usedBy: readonly string[];
  /** Names of peers; those that turn out not to run here become skipped rows. */
  readonly rows: readonly { readonly name: string }[];
  readonly skipped: readonly Skipped[];
}

/** A training step with Adam, batch 100, from a batch that lies where the peer wants it. */
export interface PeerStepGroup extends About {
  readonly op: 'step';
  readonly hidden: readonly number[];
}

/** c(M,N) = a(M,K) · b(K,N). */
export interface PeerMatmulGroup extends About {
  readonly op: 'matmul';
  readonly shape: { readonly M: number; readonly N: number; readonly K: number };
}

export type PeerGroup = PeerStepGroup | PeerMatmulGroup;

const nets = [
  [50, 50],
  [50, 30, 30, 30, 20, 20, 20, 20, 20],
];
const square = (size: number) => ({ M: size, N: size, K: size });
/** The first layer of the nets, forward; and squares. */
const products = [
  { M: 100, N: 50, K: 3072 },
  { M: 100, N: 50, K: 50 },
  ...[256, 512, 1024, 2048].map(square),
];

export function peerGroups(quick: boolean, names: readonly string[]): PeerGroup[] {
  const about = (id: string, rows: readonly string[]) => ({
    suite: 'peers' as const,
    id,
    title: id,
    usedBy: [],
    rows: rows.map((name) => ({ name })),
    skipped: [],
  });
  // Ours with the gather in it is another step, not another product.
  const multipliers = names.filter((name) => name !== 'wgrad-gather');
  return [
    ...(quick ? nets.slice(0, 1) : nets).map((hidden) => ({
      ...about(`step ${hidden.join('-')} adam`, names),
      op: 'step' as const,
      hidden,
    })),
    ...(quick ? [] : products).map((shape) => ({
      ...about(`matmul M=${shape.M} N=${shape.N} K=${shape.K}`, multipliers),
      op: 'matmul' as const,
      shape,
    })),
  ];
}
