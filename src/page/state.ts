import type { FromWorker, RunResult } from '../train/messages.ts';
import type { TrainReport } from '../train/report-window.ts';
import { type Problem, runProblem } from './problem.ts';

export type Phase =
  | 'checking'
  | 'unsupported'
  | 'idle'
  | 'starting'
  | 'loading'
  | 'training'
  | 'testing'
  | 'stopping'
  | 'stopped'
  | 'done'
  | 'failed';

/** Everything that the page shows but the chart. */
export interface PageState {
  readonly phase: Phase;
  readonly problem?: Problem;
  readonly adapter?: Extract<FromWorker, { type: 'adapter' }>;
  readonly loaded?: { readonly doneBytes: number; readonly totalBytes: number };
  readonly ready?: Extract<FromWorker, { type: 'ready' }>;
  /** Kernel variants are being measured, behind a run. */
  readonly tuning?: Extract<FromWorker, { type: 'tuning' }>;
  readonly report?: TrainReport;
  readonly validationAccuracy?: number;
  readonly result?: RunResult;
  /** When training began and ended, on the clock of `performance.now()`. */
  readonly startedMs?: number;
  readonly endedMs?: number;
}

/** Phases in which a worker is at work. */
export const isRunning = ({ phase }: PageState): boolean =>
  phase === 'starting' ||
  phase === 'loading' ||
  phase === 'training' ||
  phase === 'testing' ||
  phase === 'stopping';

function withoutTuning({ tuning: _, ...state }: PageState): PageState {
  return state;
}

/** The state after a message of the worker that arrived at `nowMs`. */
export function afterMessage(state: PageState, message: FromWorker, nowMs: number): PageState {
  /** A run that is being stopped remains so, whatever still arrives. */
  const unlessStopping = (phase: Phase): Phase => (state.phase === 'stopping' ? 'stopping' : phase);
  switch (message.type) {
    case 'adapter':
      return { ...state, adapter: message };
    case 'loading':
      return { ...state, phase: unlessStopping('loading'), loaded: message };
    case 'ready':
      return { ...state, phase: unlessStopping('training'), ready: message, startedMs: nowMs };
    case 'report': {
      const last = message.report.step >= (state.ready?.settings.steps ?? Number.POSITIVE_INFINITY);
      return { ...state, phase: unlessStopping(last ? 'testing' : 'training'), report: message.report };
    }
    case 'validation':
      return { ...state, validationAccuracy: message.report.validation[0]!.accuracy };
    case 'tuning':
      return { ...state, tuning: message };
    case 'tuned':
      return withoutTuning(state);
    case 'checkpoint':
    case 'diverged':
      return state;
    case 'done': {
      const { result } = message;
      return { ...state, phase: result.finished ? 'done' : 'stopped', result, endedMs: nowMs };
    }
    case 'error':
      // What broke behind the end of a run are the measurements for the next one.
      if (state.result !== undefined) return withoutTuning(state);
      return { ...state, phase: 'failed', problem: runProblem(message.message), endedMs: nowMs };
  }
}
