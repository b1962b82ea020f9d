// What a page (or headless Chrome's page) and the engine's worker say to each other. Plain data, so that it crosses postMessage.
import type { AdapterDescription } from '../gpu/device.ts';
import type { Score } from './evaluation.ts';
import type { Phase } from './phases.ts';
import type { TrainReport } from './report-window.ts';
import type { BatchStatisticsSpec, TrainSettings } from './settings.ts';
import type { NonFinite } from './stats.ts';
import type { ValidationReport } from './trainer.ts';
import type { Tuning } from './tuner.ts';
import type { TuningRecords } from './tuning-records.ts';

/** Measure the variants of what `known` (by `tuningKey`) does not have, within this time, ms. */
export interface TuningRequest {
  readonly budgetMs: number;
  /** Measure for runs of any length, however few steps this one has (brief-run.ts). */
  readonly forAnyLength?: boolean;
  readonly known: TuningRecords;
}

/** How variants were chosen where none is forced: some by measurements on this adapter, all by default, or short ones for a brief run (brief-run.ts). */
export type KernelOrigin = (typeof kernelOrigins)[number];

export const kernelOrigins = ['measured', 'default', 'brief'] as const;

/** What a run begins with. */
export type RunStart =
  | { readonly kind: 'new'; readonly settings: TrainSettings; readonly tuning?: TuningRequest }
  /** A safetensors file in the place of random weights. */
  | {
      readonly kind: 'weights';
      readonly settings: TrainSettings;
      readonly file: Uint8Array<ArrayBuffer>;
      readonly tuning?: TuningRequest;
    }
  /** A checkpoint file, with the settings and the variants of its run. */
  | { readonly kind: 'checkpoint'; readonly file: Uint8Array<ArrayBuffer> };

/** A new run, or where there is a checkpoint file the run goes on from it. */
export const runStart = (
  settings: TrainSettings,
  checkpoint: Uint8Array<ArrayBuffer> | undefined,
): RunStart =>
  checkpoint === undefined ? { kind: 'new', settings } : { kind: 'checkpoint', file: checkpoint };

/** A training run, as a host is asked for it. Plain data. */
export interface RunRequest {
  readonly from: RunStart;
  /** Forced variants by op, such as `matmul` -> `naive`. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Send a checkpoint after each epoch, and where the run is stopped. */
  readonly checkpoints: boolean;
  /** More results of a finished run, each with these statistics of batch norm in place of the running ones. */
  readonly also?: readonly BatchStatisticsSpec[];
  /** Count, in each result, which class is taken for which. */
  readonly confusion?: boolean;
  /** Leave the test split alone. */
  readonly withoutTest?: boolean;
  /** A replica whose loss is not finite is told (`diverged`) and does not end the run. */
  readonly toleratesDivergence?: boolean;
  /** Return the gradients of the last step. */
  readonly gradients?: boolean;
}

/** What a trained net takes images for. Plain data. */
export interface PredictRequest {
  /** The net, and what its images are normalised by. */
  readonly settings: Pick<TrainSettings, 'net' | 'dataset' | 'valSize' | 'normalisation'>;
  /** A safetensors file. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** (n, C·H·W) bytes, channel by channel, row by row. */
  readonly images: Uint8Array<ArrayBuffer>;
}

/** Begin a run. A worker trains once. */
export interface StartMessage {
  readonly type: 'start';
  /** Address of the data, such as `/data/cifar10/`. */
  readonly dataUrl: string;
  /** Files of the data that need not be fetched from there. */
  readonly files?: readonly File[];
  readonly request: RunRequest;
}

/** Ask a trained net. */
export interface PredictMessage {
  readonly type: 'predict';
  readonly dataUrl: string;
  readonly request: PredictRequest;
}

export type ToWorker = StartMessage | PredictMessage | { readonly type: 'stop' };

/** Scores per replica, null as in `Outcome`. */
export interface ViewScores {
  readonly validation: readonly Score[] | null;
  readonly test: readonly Score[] | null;
}

/** What trained nets are worth, with one set of batch-norm statistics. Per replica. */
export interface Outcome {
  /** Null without a validation split, and where the run was stopped. */
  readonly validation: readonly Score[] | null;
  /** Null where it was not asked for, and where the run was stopped. */
  readonly test: readonly Score[] | null;
  /** The same with logits averaged over the settings' views of each image; null where they name none, and where there is no score. */
  readonly overViews: ViewScores | null;
  /** Test images of class t taken for class p, at t · classes + p. Null where it was not asked for. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Safetensors files, in PyTorch's names and layout. */
  readonly weights: readonly Uint8Array<ArrayBuffer>[];
}

/** What a run amounts to; its own outcome is that with the settings' `batchStatistics`. */
export interface RunResult extends Outcome {
  /** False where it was stopped. */
  readonly finished: boolean;
  readonly step: number;
  /** Time of a step of the population, while steps were on their way to the GPU or on it; null where no step was left to do. */
  readonly msPerStep: number | null;
  /** As the start message asked for, in its order. Empty where the run was stopped. */
  readonly also: readonly Outcome[];
  /** Per replica: those of the loss at the last step, without the L2 term, a file like the weights. Null where they were not asked for. */
  readonly gradients: readonly Uint8Array<ArrayBuffer>[] | null;
}

/** What is known of a run before its first step. */
export interface ReadyReport {
  readonly settings: TrainSettings;
  /** Steps already done: more than 0 for a resumed run. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly dispatchesPerStep: number;
  readonly kernels: KernelOrigin;
  /** Variant of each call of a step. */
  readonly variants: Readonly<Record<string, string>>;
  /** Ops that a step has calls of. */
  readonly ops: readonly string[];
  readonly modelBytes: number;
  readonly datasetBytes: number;
  readonly adapterName: string;
  /** Who trained until the checkpoint, where that was another adapter. */
  readonly otherAdapter?: string;
}

/** What a run tells while it goes on. */
export type RunEvent =
  /** A part of the start is over. */
  | ({ readonly type: 'phase' } & Phase)
  | { readonly type: 'tuning'; readonly done: number; readonly total: number; readonly op: string }
  /** What is known now: worth keeping. */
  | {
      readonly type: 'tuned';
      readonly tuning: Tuning;
      /** Ops that the budget did not reach, of those that were to be measured. */
      readonly left: { readonly ops: number; readonly of: number };
    }
  | ({ readonly type: 'ready' } & ReadyReport)
  | { readonly type: 'report'; readonly report: TrainReport }
  | { readonly type: 'validation'; readonly report: ValidationReport }
  /** The loss of this replica is not finite. Without `toleratesDivergence` it is an error. */
  | ({ readonly type: 'diverged' } & NonFinite)
  | { readonly type: 'checkpoint'; readonly step: number; readonly file: Uint8Array<ArrayBuffer> }
  | { readonly type: 'done'; readonly result: RunResult };

/** What a worker says: of its device, of the data, of the run, and why it failed. */
export type FromWorker =
  | RunEvent
  | { readonly type: 'adapter'; readonly adapter: AdapterDescription; readonly name: string }
  /** Logits of each image: the answer to a `predict`. */
  | { readonly type: 'predicted'; readonly logits: readonly (readonly number[])[] }
  /** `user`: the message says what to change; otherwise something broke. */
  | { readonly type: 'error'; readonly message: string; readonly user: boolean };
