import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Duration } from '../../experiments/duration.ts';
import { fasterHost } from '../../hosts/faster-host.ts';
import { type Host, HostEnded } from '../../hosts/host.ts';
import { UserError } from '../../hosts/user-error.ts';
import type { FromWorker, RunRequest, RunResult } from '../../train/messages.ts';
import type { Phase } from '../../train/phases.ts';
import { phaseClock } from '../../train/phases.ts';
import { Interrupted, signals } from '../process/signals.ts';
import type { Progress } from '../progress.ts';
import { Waiting } from '../waiting.ts';
import { checkpointFile, readCheckpointFile } from './checkpoint-file.ts';
import type { RunDirectory } from './run-directory.ts';
import { RunningSession, readSessions, type SessionStart } from './sessions.ts';

type MessageOf<T extends FromWorker['type']> = Extract<FromWorker, { readonly type: T }>;

/** A training whose metrics and checkpoints went to a folder. */
export interface FolderRun {
  readonly result: RunResult;
  readonly ready: MessageOf<'ready'>;
  readonly adapter: MessageOf<'adapter'>;
  /** What ran the engine: `Chrome/156.0...`, `Node/20.20.2 webgpu/0.6.2`. */
  readonly browser: string;
  /** What the run was begun as. */
  readonly experiment: string | null;
  /** Of this session and those before it. */
  readonly duration: Duration;
  /** Of this session's start, ms from the start of the process. */
  readonly phases: readonly Phase[];
}

/** What is trained, and when that began. */
export interface FolderTraining {
  readonly request: Omit<RunRequest, 'checkpoints'>;
  /** This session's start, and the sessions before it where the run goes on. */
  readonly before: SessionStart;
}

export interface FolderRunCallbacks<T> {
  readonly log: Progress['log'];
  readonly onReady: (ready: MessageOf<'ready'>, adapter: MessageOf<'adapter'>) => void;
  readonly onReport: (message: MessageOf<'report'>, ready: MessageOf<'ready'>) => void;
  readonly onTuning?: (message: MessageOf<'tuning'> | MessageOf<'tuned'>) => void | Promise<void>;
  readonly onValidation?: (message: MessageOf<'validation'>, ready: MessageOf<'ready'>) => void;
  /** The loss of a replica is not finite. */
  readonly onDiverged?: (message: MessageOf<'diverged'>) => void;
  /** Called before anything is written to the folder: where it throws, the run ends with that. */
  readonly beforeWriting?: () => void;
  /** Writes what the training came to, finished or stopped: before anything else can end the process. */
  readonly keep: (run: FolderRun) => T;
}

/** A signal that ends every process of a job may reach the browser first: so long it is waited for, ms. */
const sameSignalMs = 300;
/** So long it may take until Node knows that the browser is gone, ms. */
const goneMs = 1000;

/** A network that has just failed may need so long to come back, ms. */
const reconnectAfterMs = 2000;

/** So often a training goes on from its last checkpoint where what ran it is gone: a browser of our own, or one elsewhere. */
const mostTries = 3;
const mostTriesElsewhere = 1;

/**
 * Trains on a host: metrics as they come, a checkpoint after each epoch and where a signal stops it. Returns what `keep` returns. Where the
 * browser or the GPU is lost it goes on from the last checkpoint, as another session.
 * @throws Interrupted where a signal came before the first step, or ended the browser too; UserError where the host is lost too often;
 * FileWriteError
 */
export async function trainInFolder<T>(
  host: Host,
  folder: RunDirectory,
  training: FolderTraining,
  callbacks: FolderRunCallbacks<T>,
): Promise<T> {
  const { elsewhere } = host;
  const most = elsewhere === undefined ? mostTries : mostTriesElsewhere;
  let next = training;
  for (let attempt = 1; ; attempt++) {
    try {
      return await trainOnce(host, folder, next, callbacks);
    } catch (error) {
      // A browser elsewhere that was lost may not answer when it is asked again.
      const isLost = error instanceof HostEnded || (attempt > 1 && elsewhere && error instanceof UserError);
      if (!isLost || signals.asked) throw error;
      const { kept, ...again } = goOn(folder, training);
      if (attempt > most)
        throw new UserError(`${lostText(host, error as Error)}; the state of step ${kept} is kept`);
      const how = most === 1 ? 'trying once more' : `trying again (${attempt} of ${most})`;
      callbacks.log(
        `${elsewhere === undefined ? (error as Error).message : connectionText(elsewhere)}: ${how}, from step ${kept}`,
      );
      if (elsewhere !== undefined) await delay(reconnectAfterMs);
      next = again;
    }
  }
}

const connectionText = (url: string): string => `the connection to ${url} is lost`;

function lostText({ elsewhere }: Host, error: Error): string {
  if (elsewhere === undefined) return `${error.message}, ${mostTries + 1} times in a row`;
  return `${connectionText(elsewhere)} (${error instanceof HostEnded ? 'lost twice' : error.message})`;
}

/** The training from the last checkpoint in its folder on, or from where it began. */
function goOn(
  folder: RunDirectory,
  { request, before }: FolderTraining,
): FolderTraining & { readonly kept: number } {
  const startedAt = new Date();
  const path = join(folder.path, checkpointFile);
  const recorded = readSessions(folder.path).sessions;
  const sessions = recorded.length > before.sessions.length ? recorded : before.sessions;
  if (!existsSync(path)) return { request, before: { ...before, startedAt }, kept: 0 };
  const { file, checkpoint } = readCheckpointFile(path, 'the training cannot go on from it');
  return {
    request: { ...request, from: { kind: 'checkpoint', file } },
    before: { ...before, sessions, startedAt },
    kept: checkpoint.step,
  };
}

async function trainOnce<T>(
  host: Host,
  folder: RunDirectory,
  { request, before }: FolderTraining,
  callbacks: FolderRunCallbacks<T>,
): Promise<T> {
  const { onReady, onReport, onTuning, onValidation, onDiverged, beforeWriting, keep } = callbacks;
  let ready: MessageOf<'ready'> | undefined;
  let adapter: MessageOf<'adapter'> | undefined;
  let browser = '';
  let session: RunningSession | undefined;
  let lastKept = 0;
  const waiting = new Waiting(callbacks.log);
  const phases: Phase[] = [];
  const addPhase = ({ phase, fromMs, toMs }: Phase) => {
    const [from, to] = [fromMs, toMs].map((ms) => Math.round(ms - performance.timeOrigin));
    phases.push({ phase, fromMs: from!, toMs: to! });
  };
  addPhase({ phase: 'command', fromMs: performance.timeOrigin, toMs: phaseClock() });
  const onMessage = (message: FromWorker) => {
    beforeWriting?.();
    if (message.type === 'phase') {
      addPhase(message);
      if (message.phase === 'first step') waiting.end();
      if (message.phase === 'training') waiting.begin('scoring images');
    } else if (message.type === 'adapter') {
      adapter = message;
      waiting.begin('compiling the kernels of a step');
    } else if (message.type === 'tuning' || message.type === 'tuned') {
      waiting.end();
      return onTuning?.(message);
    } else if (message.type === 'ready') {
      ready = message;
      folder.beginMetrics(message.step);
      const { name } = adapter!;
      session = new RunningSession(folder.path, before, { fromStep: message.step, adapter: name, browser });
      lastKept = message.step;
      onReady(message, adapter!);
      // What goes on elsewhere ends with other bits.
      const isWholeRun = message.step === 0 && message.kernels !== 'brief';
      const hint = isWholeRun ? fasterHost(host, adapter!.adapter) : undefined;
      if (hint !== undefined) callbacks.log(hint);
      waiting.begin('still in the first step, in which some drivers compile the kernels');
    } else if (message.type === 'report') {
      folder.addMetrics({ type: 'train', ...message.report });
      onReport(message, ready!);
    } else if (message.type === 'validation') {
      folder.addMetrics({ type: 'validation', ...message.report });
      onValidation?.(message, ready!);
    } else if (message.type === 'diverged') {
      folder.addMetrics({ ...message });
      onDiverged?.(message);
    } else if (message.type === 'checkpoint') {
      folder.writeCheckpoint(message.file);
      session!.reach(message.step);
      lastKept = message.step;
    }
  };
  const run = await host.start({ ...request, checkpoints: true }, onMessage);
  browser = run.runner;
  try {
    // Where the browser is gone it cannot be asked; that is told below, before the process ends.
    const stop = () => run.stop().catch((error) => delay(goneMs).then(() => Promise.reject(error)));
    return await signals.hold('the steps already submitted', stop, async () => {
      const { result } = await run.finished;
      beforeWriting?.();
      const { experiment } = session!;
      const duration = session!.end();
      return keep({ result, ready: ready!, adapter: adapter!, browser, experiment, duration, phases });
    });
  } catch (error) {
    if (error instanceof HostEnded && !signals.asked) await delay(sameSignalMs);
    if (!signals.asked) throw error;
    if (ready === undefined) throw new Interrupted('stopped before the first step');
    if (error instanceof HostEnded) {
      throw new Interrupted(
        `stopped, and the browser with it: what is kept is the state of step ${lastKept}`,
      );
    }
    throw error;
  } finally {
    waiting.end();
    await run.close();
  }
}
