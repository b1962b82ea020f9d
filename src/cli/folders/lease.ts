// The right to train a job. Several machines may be asked for the same job: one of them has it, as long as its heart beats.
// The lease is a file in the job's folder; the number in its name counts the owners, and the largest number holds. So taking over
// is making the next file, which only one process can, and a process that slept meanwhile sees that it holds nothing any more.
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from '../../data/files/at-exit.ts';
import { temporaryPath } from '../../data/files/atomic-file.ts';
import { FileWriteError } from '../../data/files/file-write-error.ts';
import { isAlive, type ProcessOwner, thisProcess } from '../../hosts/process-owner.ts';
import { voidClaim } from './folder-lock.ts';
import { LeftToOthers } from './left-to-others.ts';
import { makeFolder } from './make-folder.ts';

/** How often an owner says that it lives, and after how long without that it counts as dead. */
export interface LeaseTimes {
  readonly heartbeatMs: number;
  readonly deadMs: number;
}

/** A file system over a network may hold back what others wrote for some seconds. */
const usualTimes: LeaseTimes = { heartbeatMs: 10_000, deadMs: 60_000 };

/** What a lease file says, for people and for processes of the same machine. */
interface LeaseFile {
  readonly id: string;
  readonly owner: ProcessOwner;
  readonly host: string;
  /** ISO dates. */
  readonly since: string;
  readonly heartbeat: string;
}

interface Found {
  readonly generation: number;
  /** Undefined where the file is empty or damaged. */
  readonly file: LeaseFile | undefined;
  /** By the clock of the file system, ms. */
  readonly beatAtMs: number;
}

/** Another process took the lease: nothing may be written any more. */
export class LeaseLost extends LeftToOthers {}

/** What makes a lease; all but the folder have their defaults. */
export interface LeaseOptions {
  readonly times?: LeaseTimes;
  /** Told why it takes time, and from whom the lease is taken over. */
  readonly log: (line: string) => void;
  readonly owner?: ProcessOwner;
}

export class Lease {
  readonly #folder: string;
  readonly #generation: number;
  readonly #file: LeaseFile;
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;

  private constructor(folder: string, generation: number, file: LeaseFile, { heartbeatMs }: LeaseTimes) {
    this.#folder = folder;
    this.#generation = generation;
    this.#file = file;
    this.#timer = setInterval(() => this.#beat(), heartbeatMs);
    this.#timer.unref();
    this.#forget = atExit(() => rmSync(this.#path, { force: true }));
  }

  /**
   * Takes the lease of a job's folder, which is made where it is missing. That of an owner that died is taken over: at once where it was a process of
   * this machine, elsewhere when its heart has not beaten for `deadMs`.
   * @throws LeftToOthers where its owner lives, naming it; FileWriteError
   */
  static async acquire(
    folder: string,
    { times = usualTimes, log, owner = thisProcess() }: LeaseOptions,
  ): Promise<Lease> {
    makeFolder(folder);
    let first: Found | undefined;
    for (;;) {
      const found = newestLease(folder);
      if (found !== undefined) {
        const silentMs = nowOf(folder) - found.beatAtMs;
        const isDead = silentMs > times.deadMs || (found.file && isAlive(found.file.owner) === false);
        if (!isDead) {
          const isSeenAlive =
            (found.file && isAlive(found.file.owner)) ||
            (first?.generation === found.generation && first.beatAtMs !== found.beatAtMs);
          if (isSeenAlive)
            throw new LeftToOthers(`${folder} is being trained by ${nameOf(found)}: leave it to it`);
          if (first === undefined) {
            const atMost = Math.ceil((times.deadMs - silentMs) / 1000);
            log(`waiting for a heartbeat of ${nameOf(found)}, for ${atMost} s at most`);
          }
          if (first?.generation !== found.generation) first = found;
          await sleep(Math.min(1000, times.heartbeatMs));
          continue;
        }
        log(`taking over from ${nameOf(found)}: no heartbeat for ${Math.round(silentMs / 1000)} s`);
      }
      const generation = (found?.generation ?? 0) + 1;
      const now = new Date().toISOString();
      const file = { id: randomUUID(), owner, host: hostname(), since: now, heartbeat: now };
      if (!createLease(folder, generation, file)) continue;
      const lease = new Lease(folder, generation, file, times);
      if (found?.file !== undefined) voidClaim(folder, found.file.owner);
      for (const older of generationsIn(folder).filter((number) => number < generation)) {
        rmSync(leasePath(folder, older), { force: true });
      }
      return lease;
    }
  }

  /** Called before anything is written. @throws LeaseLost where another process has taken over */
  check(): void {
    const found = newestLease(this.#folder);
    if (found?.generation === this.#generation && found.file?.id === this.#file.id) return;
    const who = found === undefined ? 'another process' : nameOf(found);
    throw new LeaseLost(`${this.#folder} was taken over by ${who}, since this process was silent too long`);
  }

  release(): void {
    clearInterval(this.#timer);
    this.#forget();
    rmSync(this.#path, { force: true });
    try {
      rmdirSync(this.#folder);
    } catch {
      // Something was written.
    }
  }

  get #path(): string {
    return leasePath(this.#folder, this.#generation);
  }

  #beat(): void {
    try {
      this.check();
      // In place, so that a lease that was taken away does not come back; its date is the file system's.
      const text = textOf({ ...this.#file, heartbeat: new Date().toISOString() });
      writeFileSync(this.#path, text, { flag: 'r+' });
    } catch {
      // Whoever writes next notices.
    }
  }
}

/** Who trains in a folder, and how long ago its heart beat; undefined where nobody does. */
export function leaseHolder(folder: string): string | undefined {
  const found = newestLease(folder);
  if (found === undefined) return undefined;
  return `${nameOf(found)}, heartbeat ${Math.round((nowOf(folder) - found.beatAtMs) / 1000)} s ago`;
}

const leasePath = (folder: string, generation: number): string => join(folder, `lease.${generation}.json`);

const textOf = (file: LeaseFile): string => `${JSON.stringify(file, null, 1)}\n`;

const nameOf = ({ file }: Found): string =>
  file === undefined ? 'an unknown process' : `process ${file.owner.pid} on ${file.host}`;

function generationsIn(folder: string): number[] {
  try {
    return readdirSync(folder).flatMap((name) => Number(/^lease\.(\d+)\.json$/.exec(name)?.[1] ?? []));
  } catch {
    return [];
  }
}

function newestLease(folder: string): Found | undefined {
  const generation = Math.max(0, ...generationsIn(folder));
  if (generation === 0) return undefined;
  let descriptor: number;
  try {
    // Opening asks a file server for the newest date, where a look at the name may not.
    descriptor = openSync(leasePath(folder, generation), 'r');
  } catch {
    return undefined; // Released meanwhile.
  }
  try {
    const beatAtMs = fstatSync(descriptor).mtimeMs;
    return { generation, file: parse(readFileSync(descriptor, 'utf8')), beatAtMs };
  } finally {
    closeSync(descriptor);
  }
}

function parse(text: string): LeaseFile | undefined {
  try {
    const file = JSON.parse(text) as LeaseFile;
    return typeof file.id === 'string' && typeof file.owner?.pid === 'number' ? file : undefined;
  } catch {
    return undefined;
  }
}

/** False where another process was faster. */
function createLease(folder: string, generation: number, file: LeaseFile): boolean {
  const path = leasePath(folder, generation);
  try {
    writeFileSync(path, textOf(file), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    rmSync(path, { force: true });
    throw new FileWriteError(path, error);
  }
}

/** The time by the clock that dates the files: machines' clocks differ. */
function nowOf(folder: string): number {
  const path = temporaryPath(folder);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx');
  } catch (error) {
    throw new FileWriteError(path, error);
  }
  try {
    return fstatSync(descriptor).mtimeMs;
  } finally {
    closeSync(descriptor);
    rmSync(path, { force: true });
  }
}
