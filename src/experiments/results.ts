// What `npm run experiments` keeps: results.json holds every number that its tables are made of.
import type { AdapterDescription } from '../gpu/device.ts';
import type { TrainSettings } from '../train/settings.ts';
import type { SeedViewScores } from '../train/view-scores.ts';
import type { Duration } from './duration.ts';
import type { Reported } from './reported.ts';

export interface SeedResult extends Partial<SeedViewScores> {
  readonly seed: number;
  /** Null without a validation split. */
  readonly validationAccuracy: number | null;
  readonly validationLoss: number | null;
  /** Fraction of the 10,000 test images. */
  readonly testAccuracy: number;
  /** Mean cross-entropy; null, as is the one above, where it is not finite. */
  readonly testLoss: number | null;
  /** Test images of class t taken for class p, at 10 t + p. */
  readonly confusion: readonly number[];
  /** First step whose loss was not finite; null where all were. */
  readonly divergedAtStep: number | null;
}

/** A finished experiment; its duration is that of the training that it shares with others. */
export interface ExperimentResult extends Partial<Duration> {
  readonly name: string;
  readonly what: string;
  /** Test accuracy that the course report gives. */
  readonly reported: Reported | null;
  /** Where tuned settings come from; null for the literal ones. */
  readonly tuned: { readonly origin: string; readonly note: string } | null;
  /** The experiment whose training this is: those that differ only in `batchStatistics` are trained once. */
  readonly trainedAs: string;
  readonly settings: TrainSettings;
  readonly perSeed: readonly SeedResult[];
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly adapter: AdapterDescription & { readonly name: string };
  readonly browser: string;
  readonly dataSource: string;
  /** Name of the machine; SHA-256 of source text and of the data. Older results lack them. */
  readonly host: string;
  readonly codeHash: string;
  readonly dataHash: string;
  /** ISO dates. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Step at which the last session began; 0 for a run in one piece. */
  readonly resumedAtStep: number;
  /** GPU time of a step of the whole population, in the last session; null where that had none left to do. */
  readonly msPerStep: number | null;
  /** The same for any number of seeds. */
  readonly dispatchesPerStep: number;
  /** GPU memory of the population, without the images, and per seed. */
  readonly modelBytes: number;
  readonly modelBytesPerSeed: number;
  /** Kernel variant of each dispatch of a step. */
  readonly variants: Readonly<Record<string, string>>;
}

/** The order of the table is the order of the list. */
export type Results = readonly ExperimentResult[];

export const testAccuracies = ({ perSeed }: ExperimentResult): number[] =>
  perSeed.map(({ testAccuracy }) => testAccuracy);

/** Null without a validation split. */
export function validationAccuracies({ perSeed }: ExperimentResult): number[] | null {
  const values = perSeed.flatMap(({ validationAccuracy }) => validationAccuracy ?? []);
  return values.length === perSeed.length ? values : null;
}
