// One status model drives every view: what the GPU, the data and the run are like, independent of each other.
import type { EngineErrorKind } from '../engine/engine-error.ts';
import type { GpuReport, PauseReason } from '../engine/protocol.ts';

export type NoGpuReason = 'insecure' | 'no-api' | 'no-adapter' | 'blocked' | 'worker' | 'timeout' | 'refused';

export type GpuStatus =
  | { readonly state: 'probing' }
  | { readonly state: 'ready' | 'software'; readonly report: GpuReport }
  | { readonly state: 'none'; readonly reason: NoGpuReason; readonly details: string }
  | { readonly state: 'too-small'; readonly report: GpuReport }
  /** Lost: a new device is being asked for. */
  | { readonly state: 'recovering'; readonly message: string }
  /** Lost twice: nothing is done until the visitor says so. */
  | { readonly state: 'asking'; readonly message: string };

export type DataStatus =
  | { readonly state: 'unknown' }
  | {
      readonly state: 'absent';
      readonly missingBytes: number;
      readonly canKeep: boolean;
      readonly why: string;
    }
  | {
      readonly state: 'downloading';
      readonly doneBytes: number;
      readonly totalBytes: number;
      readonly bytesPerSecond: number;
    }
  | { readonly state: 'checking'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly state: 'kept' }
  | { readonly state: 'this-tab'; readonly why: string }
  | { readonly state: 'uploading'; readonly doneBytes: number; readonly totalBytes: number }
  /** The engine does not say where they are. */
  | { readonly state: 'error' };

/** What went wrong with the data last: beside their state, which it need not have changed. */
export interface DataProblem {
  readonly kind: EngineErrorKind;
  readonly message: string;
}

/** A run that the worker is busy with, or the last one. */
export type RunStatus =
  | { readonly state: 'none' }
  | { readonly state: 'preparing'; readonly what: string; readonly done: number; readonly total: number }
  | { readonly state: 'running' }
  | { readonly state: 'testing' }
  | { readonly state: 'paused'; readonly by: PauseReason }
  | { readonly state: 'stopping' }
  | { readonly state: 'finished' }
  | { readonly state: 'stopped' }
  | { readonly state: 'failed'; readonly kind: EngineErrorKind; readonly message: string };

export const isBusy = ({ state }: RunStatus): boolean =>
  state === 'preparing' ||
  state === 'running' ||
  state === 'testing' ||
  state === 'paused' ||
  state === 'stopping';

export const hasData = ({ state }: DataStatus): boolean =>
  state === 'kept' || state === 'this-tab' || state === 'uploading';

/** What is to be downloaded before anything can train. */
export const missingBytes = (data: DataStatus): number => (data.state === 'absent' ? data.missingBytes : 0);

export const canTrain = ({ state }: GpuStatus): boolean => state === 'ready' || state === 'software';
