import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../hosts/user-error.ts';
import { readCheckpoint } from '../../train/checkpoint.ts';

/** Name of the last checkpoint in a run's folder. */
export const checkpointFile = 'checkpoint.safetensors';
const metricsFile = 'metrics.jsonl';

/** The folder of a run: metrics as they come, a checkpoint after each epoch, summary and weights at the end. */
export class RunDirectory {
  readonly path: string;

  /** Makes the folder. @throws UserError where that is not possible. */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw new UserError(`cannot make the folder ${path}: ${(error as Error).message}`);
    }
  }

  /** Empties the metrics, or keeps those up to and including `step` of a run that goes on. */
  beginMetrics(step: number): void {
    this.write(metricsFile, step === 0 ? '' : this.#metricsUpTo(step));
  }

  addMetrics(line: Readonly<Record<string, unknown>>): void {
    appendFileSync(join(this.path, metricsFile), `${JSON.stringify(line)}\n`);
  }

  /** Keeps the metrics of another run, which this one goes on from. */
  takeMetricsOf(other: string): void {
    const path = join(other, metricsFile);
    if (other !== this.path && existsSync(path)) this.write(metricsFile, readFileSync(path));
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

  /** Writes under a temporary name, then renames: a reader sees the old file or the new one, never a part. */
  write(name: string, content: string | Uint8Array): void {
    const path = join(this.path, name);
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  }

  /** Removes what a killed process left under a temporary name. */
  removeHalfWritten(): void {
    for (const file of readdirSync(this.path)) {
      if (/\.\d+\.tmp$/.test(file)) rmSync(join(this.path, file));
    }
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

/** The checkpoint file of a run's folder. @throws UserError where there is none or it is damaged. */
export function findCheckpoint(path: string): Uint8Array<ArrayBuffer> {
  let file: Uint8Array<ArrayBuffer>;
  try {
    file = new Uint8Array(readFileSync(join(path, checkpointFile)));
  } catch {
    throw new UserError(`--resume ${path}: there is no ${checkpointFile} in it`);
  }
  try {
    readCheckpoint(file);
    return file;
  } catch (error) {
    throw new UserError(`--resume ${path}: ${checkpointFile} is damaged: ${(error as Error).message}`);
  }
}
