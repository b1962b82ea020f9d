import type { FromWorker, RunResult, StartMessage } from '../train/messages.ts';
import { startHeadlessRun } from './headless-run.ts';
import type { PageServer } from './page-server.ts';
import type { Progress } from './progress.ts';
import type { RunDirectory } from './run-directory.ts';
import { stopOnSignals } from './stop-on-signals.ts';

type MessageOf<T extends FromWorker['type']> = Extract<FromWorker, { readonly type: T }>;

/** A training whose metrics and checkpoints went to a folder. */
export interface FolderRun {
  readonly result: RunResult;
  readonly ready: MessageOf<'ready'>;
  readonly adapter: MessageOf<'adapter'>;
  /** `Chrome/156.0...` */
  readonly browser: string;
}

export interface FolderRunCallbacks {
  readonly onReady: (ready: MessageOf<'ready'>, adapter: MessageOf<'adapter'>) => void;
  readonly onReport: (message: MessageOf<'report'>, ready: MessageOf<'ready'>) => void;
}

/** Trains in headless Chrome: metrics as they come, a checkpoint after each epoch and where Ctrl-C stops it. */
export async function trainInFolder(
  server: PageServer,
  folder: RunDirectory,
  start: Omit<StartMessage, 'type' | 'dataUrl' | 'checkpoints'>,
  { log }: Progress,
  { onReady, onReport }: FolderRunCallbacks,
): Promise<FolderRun> {
  let ready: MessageOf<'ready'> | undefined;
  let adapter: MessageOf<'adapter'> | undefined;
  const onMessage = (message: FromWorker) => {
    if (message.type === 'adapter') {
      adapter = message;
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
  const stop = stopOnSignals(() => run.stop(), log);
  try {
    const { result } = await run.finished;
    return { result, ready: ready!, adapter: adapter!, browser: run.browser };
  } finally {
    stop.forget();
    await run.close();
  }
}
