import { cifar10 } from '../data/datasets/cifar10.ts';
import { xxhash32 } from '../data/xxhash32.ts';
import { type MlpSpec, mlp, type NetSpec } from '../nn/net-spec.ts';
import type { NamedTensor } from '../nn/parameters.ts';
import type { Unreported } from './report-window.ts';
import { bytesOf, readSafetensors, writeSafetensors } from './safetensors.ts';
import type { TrainSettings } from './settings.ts';
import type { ArenaValues } from './state.ts';

/** Everything a run needs to go on as if it had not been interrupted, bit by bit on the same adapter and browser. */
export interface Checkpoint {
  readonly settings: TrainSettings;
  /** Steps done. */
  readonly step: number;
  /** How many it trains on, by which steps are epochs; earlier versions did not say. */
  readonly samples?: number;
  /** What the next report has to cover besides the steps that follow; absent where that is nothing, or not known. */
  readonly unreported?: Unreported;
  /** An epoch ended with the last step, and is not scored yet: the run was stopped before. Absent where it is. */
  readonly unscored?: boolean;
  /** Variant of each call by its label: other variants may round differently. */
  readonly variants: Readonly<Record<string, string>>;
  /** The first layer reads the images' bytes itself. */
  readonly fused: boolean;
  /** All behind the first layer's product is computed in one workgroup. */
  readonly oneWorkgroup: boolean;
  /** Variants that the user forced, by op: evaluations use them too. */
  readonly forced: Readonly<Record<string, string>>;
  /** Who computed, for the warning where another adapter goes on. */
  readonly adapter: string;
  readonly arenas: ArenaValues;
}

const format = 'wgrad checkpoint 2';
/** Has no hash. */
const formatWithoutHash = 'wgrad checkpoint 1';

/** What earlier versions wrote: nets as widths, fusion told by a missing call, no tail in one workgroup, twins of variants for crops and shards. */
type Written = Omit<Checkpoint, 'arenas' | 'fused' | 'oneWorkgroup' | 'settings'> & {
  readonly fused?: boolean;
  readonly oneWorkgroup?: boolean;
  readonly settings: Omit<TrainSettings, 'net'> & {
    readonly net: NetSpec | (Omit<MlpSpec, 'input'> & { readonly inputs: number });
  };
};

/** A checkpoint's data as this version has them: runs of earlier ones go on. */
function migrated({
  settings,
  variants,
  fused,
  oneWorkgroup = false,
  ...rest
}: Written): Omit<Checkpoint, 'arenas'> {
  const { net } = settings;
  const { step, ...others } = rest;
  return {
    settings: {
      ...settings,
      net: 'layers' in net ? net : mlp({ ...net, input: cifar10.image }),
    },
    step,
    variants: Object.fromEntries(
      Object.entries(variants).map(([label, name]) => [label, name.replace(/-(crop|sharded)$/, '')]),
    ),
    fused: fused ?? !('gather' in variants),
    oneWorkgroup,
    ...others,
  };
}

/**
 * The checkpoint of some of its replicas, by their places, to be trained on until `steps`: what was bad is left behind.
 * Every arena holds the replicas one after another, in equal parts.
 */
export function withReplicas(
  { settings, arenas, unreported, ...rest }: Checkpoint,
  places: readonly number[],
  steps: number,
): Checkpoint {
  const { replicas } = settings;
  const chosen = Object.entries(arenas).map(([name, all]) => {
    const stride = all.length / replicas.length;
    const part = new Float32Array(places.length * stride);
    for (const [i, place] of places.entries()) {
      part.set(all.subarray(place * stride, (place + 1) * stride), i * stride);
    }
    return [name, part] as const;
  });
  const ofPlaces = <T>(values: readonly T[]): T[] => places.map((place) => values[place]!);
  const sums = unreported && {
    ...unreported,
    lossSums: ofPlaces(unreported.lossSums),
    hits: ofPlaces(unreported.hits),
  };
  return {
    ...rest,
    ...(sums && { unreported: sums }),
    settings: { ...settings, steps, replicas: ofPlaces(replicas) },
    arenas: Object.fromEntries(chosen),
  };
}

/** A checkpoint as a safetensors file: the arenas as tensors; the rest, and a hash of everything, as metadata. */
export function writeCheckpoint({ arenas, ...rest }: Checkpoint): Uint8Array<ArrayBuffer> {
  const tensors = Object.entries(arenas).map(([name, data]) => ({ name, shape: [data.length], data }));
  const run = JSON.stringify(rest);
  return writeSafetensors({ tensors, metadata: { format, run, xxhash32: hashOf(run, tensors) } });
}

/**
 * Reads a checkpoint and checks its hash. `onUnchecked` is told where an earlier version wrote it, which kept none.
 * @throws Error where the file is no checkpoint or is damaged.
 */
export function readCheckpoint(file: Uint8Array, onUnchecked?: (note: string) => void): Checkpoint {
  const { tensors, metadata } = readSafetensors(file);
  const { run = '' } = metadata;
  if (metadata.format === formatWithoutHash) {
    onUnchecked?.('an earlier version wrote this checkpoint, without a hash, so damage cannot be told');
  } else if (metadata.format !== format) {
    throw new Error(`not a checkpoint of this version (${format})`);
  } else {
    const hash = hashOf(run, tensors);
    if (hash !== metadata.xxhash32) {
      throw new Error(`its hash is ${hash}, it was written with ${metadata.xxhash32}`);
    }
  }
  const rest = migrated(parsed(run));
  const arenas = Object.fromEntries(
    tensors.map(({ name, data }) => [name, data as Float32Array<ArrayBuffer>]),
  );
  return { ...rest, arenas };
}

function parsed(run: string): Written {
  try {
    return JSON.parse(run);
  } catch {
    throw new Error('what it says of its run is no JSON');
  }
}

/** xxHash, 32 bits, of the run, then of each tensor's name and bytes, each with the hash before as its seed. */
function hashOf(run: string, tensors: readonly NamedTensor[]): string {
  const utf8 = new TextEncoder();
  let hash = xxhash32(utf8.encode(run));
  for (const { name, data } of tensors) hash = xxhash32(bytesOf(data), xxhash32(utf8.encode(name), hash));
  return hash.toString(16).padStart(8, '0');
}
