// What the page and its worker say to each other: calls with one answer each, and events. Plain data, so that it crosses postMessage.
import type { AdapterDescription } from '../../gpu/device.ts';
import type { Group, Skipped, StepProfile } from '../../measure/schema.ts';
import type { Score } from '../../train/evaluation.ts';
import type { ReadyReport, RunResult } from '../../train/messages.ts';
import type { TrainSettings } from '../../train/settings.ts';
import type { TunedOp } from '../../train/variant-timing.ts';
import type { EngineErrorKind } from './engine-error.ts';

/** One limit of WebGPU: what every browser grants, what the adapter offers, what the device was given. */
export interface LimitReport {
  readonly name: string;
  readonly usual: number;
  readonly offered: number;
  readonly granted: number;
}

/** What the worker found out about the GPU. */
export interface GpuReport {
  readonly adapter: AdapterDescription;
  /** One line for people. */
  readonly name: string;
  readonly timestamps: boolean;
  readonly subgroups: boolean;
  readonly limits: readonly LimitReport[];
  /** All features of the adapter. */
  readonly features: readonly string[];
  /** Key of what is measured on this adapter, browser and set of shaders: `tuningKey`. */
  readonly tuningKey: string;
  /** From the call to the device, ms. */
  readonly tookMs: number;
  /** A limit that is too small for CIFAR-10. */
  readonly tooSmall?: { readonly limit: string; readonly has: number; readonly needs: number };
}

/** Where the data set is. */
export type DataPlace =
  | { readonly place: 'absent'; readonly missing: number; readonly canKeep: boolean; readonly why?: string }
  | { readonly place: 'kept' }
  /** In this tab's memory: it is gone with the tab. */
  | { readonly place: 'tab'; readonly why: string };

export interface TrainRequest {
  /** Names the checkpoint. */
  readonly runId: string;
  readonly settings: TrainSettings;
  /** Go on from the checkpoint of this run. */
  readonly goesOn: boolean;
  /** Where there is none, begin again: with the same seeds and no weights from outside, that ends the same. */
  readonly mayBeginAgain: boolean;
  readonly weights?: Uint8Array<ArrayBuffer>;
  /** Measured variants to use, of this adapter; none: the defaults. */
  readonly tuned: Readonly<Record<string, TunedOp>>;
  /** Forced variants by op. */
  readonly variants: Readonly<Record<string, string>>;
}

/** Training reports since the last message: row i is about the steps up to `steps[i]`; values of R replicas per row. */
export interface ReportColumns {
  readonly steps: Float64Array<ArrayBuffer>;
  readonly loss: Float32Array<ArrayBuffer>;
  readonly accuracy: Float32Array<ArrayBuffer>;
  /** Of the first replica. */
  readonly rate: Float32Array<ArrayBuffer>;
}

export interface ProgressReport {
  readonly step: number;
  readonly epoch: number;
  readonly msPerStep: number;
  readonly columns: ReportColumns;
  readonly validations: readonly { readonly step: number; readonly scores: readonly Score[] }[];
}

/** How a training ended. */
export type TrainOutcome = Omit<RunResult, 'also' | 'gradients'>;

/** Images of the first replica's first layer: `count` squares of 32 x 32 RGBA. */
export interface WeightPictures {
  readonly count: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** What the first replica takes fixed test images for. */
export interface SampleGuesses {
  readonly step: number;
  /** (n, 3072) bytes, planes of red, green and blue. */
  readonly images: Uint8Array<ArrayBuffer>;
  readonly labels: readonly number[];
  /** (n, classes) */
  readonly probabilities: Float32Array<ArrayBuffer>;
}

/** A picture of the visitor's own, and the net that is asked about it. */
export interface PictureRequest {
  readonly settings: TrainSettings;
  /** A safetensors file. */
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly file: File;
}

/** Its middle, as the net was given it (3072 bytes, planes of red, green and blue), and a probability for each class. */
export interface PictureGuess {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly probabilities: Float32Array<ArrayBuffer>;
}

/** What can be measured: an op with a shape. */
export interface LabGroup {
  /** `matmul-forward M=100 N=52 K=3072 R=1` */
  readonly id: string;
  readonly op: string;
  readonly title: string;
  /** Where the net uses it; empty for a shape that was asked for. */
  readonly usedBy: readonly string[];
  readonly defaultVariant: string;
  readonly variants: readonly string[];
  /** Variants that cannot run here, and why. */
  readonly skipped: readonly Skipped[];
}

/** Shapes to measure: those of a net's training step, and matrix products of one size. */
export interface LabRequest {
  readonly settings: TrainSettings;
  readonly product: { readonly M: number; readonly N: number; readonly K: number } | null;
}

export interface LabResult {
  readonly group: Group;
  /** The WGSL that was compiled, by variant. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Why a run pauses. */
export type PauseReason = 'you' | 'lab' | 'device';

/** Arguments and answer of each call. */
export interface EngineCalls {
  ping: { readonly takes: undefined; readonly gives: null };
  probe: { readonly takes: undefined; readonly gives: GpuReport };
  /** What a training takes, images and evaluations apart: parameters of a net, and bytes on the GPU of all seeds, where there is one. */
  sizeOf: {
    readonly takes: { readonly settings: TrainSettings };
    readonly gives: { readonly parameters: number; readonly bytes: number | null };
  };
  /** Throws where a file holds no weights: of any net. */
  checkWeights: { readonly takes: { readonly file: Uint8Array<ArrayBuffer> }; readonly gives: null };
  dataPlace: { readonly takes: undefined; readonly gives: DataPlace };
  download: { readonly takes: { readonly url: string }; readonly gives: DataPlace };
  takeFiles: { readonly takes: { readonly files: readonly File[] }; readonly gives: DataPlace };
  cancelData: { readonly takes: undefined; readonly gives: null };
  deleteData: { readonly takes: undefined; readonly gives: DataPlace };
  train: { readonly takes: TrainRequest; readonly gives: TrainOutcome };
  pause: { readonly takes: { readonly by: PauseReason }; readonly gives: null };
  resume: { readonly takes: undefined; readonly gives: null };
  stop: { readonly takes: undefined; readonly gives: null };
  /** What is on the screen: nothing else is read back. */
  watch: {
    readonly takes: { readonly samples: boolean; readonly weights: boolean };
    readonly gives: null;
  };
  guessPicture: { readonly takes: PictureRequest; readonly gives: PictureGuess };
  dropCheckpoint: { readonly takes: { readonly runId: string }; readonly gives: null };
  /** Drops the checkpoints of all runs but these. */
  keepCheckpoints: { readonly takes: { readonly runIds: readonly string[] }; readonly gives: null };
  labGroups: { readonly takes: LabRequest; readonly gives: readonly LabGroup[] };
  /** Checks and times variants of one of the groups that `labGroups` gave last. */
  labMeasure: {
    readonly takes: { readonly id: string; readonly variants: readonly string[] };
    readonly gives: LabResult;
  };
  /** The adapter's own speed: `peaks` groups, once per device. */
  labPeaks: { readonly takes: undefined; readonly gives: readonly Group[] };
  /** A training step of a net with these forced variants, dispatch by dispatch. Null where the adapter gives no timestamps. */
  labProfile: {
    readonly takes: {
      readonly title: string;
      readonly settings: TrainSettings;
      readonly variants: Readonly<Record<string, string>>;
    };
    readonly gives: StepProfile | null;
  };
  /** Ends the measurement in progress after its round. */
  labStop: { readonly takes: undefined; readonly gives: null };
}

export type CallName = keyof EngineCalls;

export type EngineEvent =
  | {
      readonly event: 'data';
      readonly what: 'downloading' | 'checking' | 'uploading';
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  | { readonly event: 'preparing'; readonly what: string; readonly done: number; readonly total: number }
  | ({ readonly event: 'ready' } & ReadyReport)
  | ({ readonly event: 'progress' } & ProgressReport)
  | { readonly event: 'paused'; readonly by: PauseReason; readonly step: number }
  | { readonly event: 'running' }
  | { readonly event: 'testing' }
  /** `objectsPerStep`: buffers, bind groups, pipelines made by a step; 0 where the engine keeps its promise, null before any were counted. */
  | { readonly event: 'checkpoint'; readonly step: number; readonly objectsPerStep: number | null }
  | { readonly event: 'diverged'; readonly replica: number; readonly step: number }
  /** The device is of no use any more, and no run was at work on it. */
  | { readonly event: 'gone'; readonly message: string }
  | { readonly event: 'lost'; readonly losses: number; readonly message: string; readonly asks: boolean }
  | { readonly event: 'lab'; readonly what: string; readonly done: number; readonly total: number }
  | { readonly event: 'gpu'; readonly report: GpuReport }
  | ({ readonly event: 'weights' } & WeightPictures)
  | ({ readonly event: 'samples' } & SampleGuesses);

/** Page to worker. */
export interface CallMessage {
  readonly id: number;
  readonly call: CallName;
  readonly takes: unknown;
}

/** Worker to page. */
export type WorkerMessage =
  | { readonly id: number; readonly gives: unknown }
  | { readonly id: number; readonly error: { readonly kind: EngineErrorKind; readonly message: string } }
  /** The name of the Web Lock that the worker holds while it lives. */
  | { readonly lock: string }
  | EngineEvent;
