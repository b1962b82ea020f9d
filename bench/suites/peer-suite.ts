/** The `peers` suite: whole steps and matrix products of other frameworks, in the same browser, in the same rounds as ours. */

import type { Skipped } from '../../src/measure/schema.ts';
import type { ConvOpOptions } from '../peers/conv-op.ts';

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

/** A training step of a convolutional net with its family's settings, batch 100, from a batch that lies where the peer wants it. */
export interface PeerNetGroup extends About {
  readonly op: 'net-step';
  readonly net: string;
}

/** c(M,N) = a(M,K) · b(K,N). */
export interface PeerMatmulGroup extends About {
  readonly op: 'matmul';
  readonly shape: { readonly M: number; readonly N: number; readonly K: number };
}

/** A convolution's product, batch 100. */
export interface PeerConvGroup extends About {
  readonly op: 'convolution';
  readonly convolution: ConvOpOptions;
}

export type PeerGroup = PeerStepGroup | PeerNetGroup | PeerMatmulGroup | PeerConvGroup;

const nets = [
  [50, 50],
  [50, 30, 30, 30, 20, 20, 20, 20, 20],
];
const convolutional = ['patch-4-10-50', 'vgg-16-32-64'];
/** The second and the third convolution of vgg-16-32-64. */
const convolutions = [
  { image: 32, channels: 16, filters: 32 },
  { image: 16, channels: 32, filters: 64 },
].flatMap((layer) =>
  (['forward', 'wgrad', 'dgrad'] as const).map((pass) => ({
    ...layer,
    pass,
    batch: 100,
    size: 3,
    stride: 2,
    padding: 1,
  })),
);
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
  // Ours with the gather in it is another step of the fully connected nets alone.
  const others = names.filter((name) => name !== 'wgrad-gather');
  return [
    ...(quick ? nets.slice(0, 1) : nets).map((hidden) => ({
      ...about(`step ${hidden.join('-')} adam`, names),
      op: 'step' as const,
      hidden,
    })),
    ...(quick ? [] : convolutional).map((net) => ({
      ...about(`step ${net}`, others),
      op: 'net-step' as const,
      net,
    })),
    ...(quick ? [] : convolutions).map((convolution) => {
      const { pass, image, channels, filters } = convolution;
      return {
        ...about(`conv-${pass} ${channels} to ${filters} at ${image}x${image}`, others),
        op: 'convolution' as const,
        convolution,
      };
    }),
    ...(quick ? [] : products).map((shape) => ({
      ...about(`matmul M=${shape.M} N=${shape.N} K=${shape.K}`, others),
      op: 'matmul' as const,
      shape,
    })),
  ];
}
