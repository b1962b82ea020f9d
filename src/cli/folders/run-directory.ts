import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendWhole, removeTemporaries, writeFileAtomicallySync } from '../../data/files/atomic-file.ts';
import { checkpointFile } from './checkpoint-file.ts';
import { claimFolder } from './folder-lock.ts';

const metricsFile = 'metrics.jsonl';
/** Name of a run's summary in its folder; it is written last. */
export const summaryFile = 'summary.json';

/** What of it says how far the run is. */
interface RunSummary {
  readonly finished: boolean;
  readonly steps: number;
}

/** The folder of a run: metrics as they come, a checkpoint after each epoch, summary and weights at the end. */
export class RunDirectory {
  readonly path: string;

  /**
   * Claims the folder, made where it is missing, and removes what a killed process left half-written in it.
   * @throws UserError where another process writes to it, or it cannot be made
   */
  constructor(path: string) {
    this.path = path;
    claimFolder(path);
    removeTemporaries(path);
  }

  /** Empties the metrics, or keeps those up to and including `step` of a run that goes on. */
  beginMetrics(step: number): void {
    this.write(metricsFile, step === 0 ? '' : this.#metricsUpTo(step));
  }

  /** @throws FileWriteError */
  addMetrics(line: Readonly<Record<string, unknown>>): void {
    appendWhole(join(this.path, metricsFile), `${JSON.stringify(line)}\n`);
  }

  /** Keeps the metrics of another run, which this one goes on from. */
  takeMetricsOf(other: string): void {
    const path = join(other, metricsFile);
    if (existsSync(path)) this.write(metricsFile, readFileSync(path));
  }

  /** Steps of the finished run whose summary is here; undefined where there is none, or the run was stopped. */
  finishedSteps(): number | undefined {
    const path = join(this.path, summaryFile);
    if (!existsSync(path)) return undefined;
    try {
      const { finished, steps } = JSON.parse(readFileSync(path, 'utf8')) as RunSummary;
      return finished ? steps : undefined;
    } catch {
      return undefined; // Damaged: the run is scored anew.
    }
  }

  /** First step whose loss was not finite, by the replica's place. */
  divergedSteps(): Map<number, number> {
    const steps = new Map<number, number>();
    for (const line of readFileSync(join(this.path, metricsFile), 'utf8').split('\n')) {
      if (!line.includes('"diverged"')) continue;
      const { replica, step } = JSON.parse(line) as { replica: number; step: number };
      steps.set(replica, Math.min(step, steps.get(replica) ?? step));
    }
    return steps;
  }

  writeCheckpoint(bytes: Uint8Array): void {
    this.write(checkpointFile, bytes);
  }

  /** A reader sees the old file or the new one, never a part. @throws FileWriteError */
  write(name: string, content: string | Uint8Array): void {
    writeFileAtomicallySync(join(this.path, name), content);
  }

  #metricsUpTo(step: number): string {
    let text: string;
    try {
      text = readFileSync(join(this.path, metricsFile), 'utf8');
    } catch {
      return '';
    }
    return text
      .split('\n')
      .filter((line) => {
        try {
          return (JSON.parse(line) as { step: number }).step <= step;
        } catch {
          return false; // The last line of a run that was killed may be a part.
        }
      })
      .map((line) => `${line}\n`)
      .join('');
  }
}
