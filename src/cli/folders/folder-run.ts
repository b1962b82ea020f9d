import type { PageServer } from '../../hosts/chrome/page-server.ts';
import { startHeadlessRun } from '../../hosts/chrome/run.ts';
import type { FromWorker, RunResult, StartMessage } from '../../train/messages.ts';
import type { Progress } from '../progress.ts';
import { Interrupted, stopOnSignals } from '../stop-on-signals.ts';
import type { RunDirectory } from './run-directory.ts';

type MessageOf<T extends FromWorker['type']> = Extract<FromWorker, { readonly type: T }>;

/** A training whose metrics and checkpoints went to a folder. */
export interface FolderRun {
  readonly result: RunResult;
  readonly ready: MessageOf<'ready'>;
  readonly adapter: MessageOf<'adapter'>;
  /** `Chrome/156.0...` */
  readonly browser: string;
  /** Ctrl-C was pressed: what would come next must not begin, even where this training was just finished. */
  readonly stopAsked: boolean;
}

export interface FolderRunCallbacks {
  readonly onReady: (ready: MessageOf<'ready'>, adapter: MessageOf<'adapter'>) => void;
  readonly onReport: (message: MessageOf<'report'>, ready: MessageOf<'ready'>) => void;
  readonly onTuning?: (message: MessageOf<'tuning'> | MessageOf<'tuned'>) => void | Promise<void>;
}

/**
 * Trains in headless Chrome: metrics as they come, a checkpoint after each epoch and where Ctrl-C stops it.
 * @throws Interrupted where Ctrl-C came before the first step
 */
export async function trainInFolder(
  server: PageServer,
  folder: RunDirectory,
  start: Omit<StartMessage, 'type' | 'dataUrl' | 'checkpoints'>,
  { log }: Progress,
  { onReady, onReport, onTuning }: FolderRunCallbacks,
): Promise<FolderRun> {
  let ready: MessageOf<'ready'> | undefined;
  let adapter: MessageOf<'adapter'> | undefined;
  const onMessage = (message: FromWorker) => {
    if (message.type === 'adapter') {
      adapter = message;
    } else if (message.type === 'tuning' || message.type === 'tuned') {
      return onTuning?.(message);
    } else if (message.type === 'ready') {
      ready = message;
      folder.beginMetrics(message.step);
      onReady(message, adapter!);
    } else if (message.type === 'report') {
      folder.addMetrics({ type: 'train', ...message.report });
      onReport(message, ready!);
    } else if (message.type === 'validation') {
      folder.addMetrics({ type: 'validation', ...message.report });
    } else if (message.type === 'diverged') {
      folder.addMetrics({ ...message });
    } else if (message.type === 'checkpoint') {
      folder.writeCheckpoint(message.file);
    }
  };
  const message: StartMessage = { type: 'start', dataUrl: server.dataUrl, checkpoints: true, ...start };
  const run = await startHeadlessRun(server, message, onMessage, log);
  const stop = stopOnSignals(() => run.stop(), log, 'the steps already submitted');
  try {
    const { result } = await run.finished;
    const { browser } = run;
    return { result, ready: ready!, adapter: adapter!, browser, stopAsked: stop.asked() };
  } catch (error) {
    if (stop.asked() && ready === undefined) throw new Interrupted('stopped before the first step');
    throw error;
  } finally {
    stop.forget();
    await run.close();
  }
}
