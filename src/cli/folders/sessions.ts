// What a run took, over all the times that it was started and went on.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomicallySync } from '../../data/files/atomic-file.ts';
import type { Duration, Session } from '../../experiments/duration.ts';

/** What all sessions of a run have in common, and each of them. */
export interface SessionRecord {
  /** What the run was begun as; null where nothing says so. */
  readonly experiment: string | null;
  readonly sessions: readonly Session[];
}

/** The session that begins, and those before it. */
export interface SessionStart extends SessionRecord {
  readonly startedAt: Date;
}

const file = 'sessions.json';

/** The record of a run's folder; that of a run of an older version is made from its summary. */
export function readSessions(folder: string): SessionRecord {
  const record = readJson(join(folder, file)) as SessionRecord | undefined;
  if (Array.isArray(record?.sessions)) return record;
  const summary = readJson(join(folder, 'summary.json')) as OldSummary | undefined;
  if (summary?.startedAt === undefined) return { experiment: null, sessions: [] };
  const { experiment = null, startedAt, elapsedMs = 0, steps = 0, adapter, browser = '' } = summary;
  const session = { startedAt, elapsedMs, fromStep: 0, toStep: steps, adapter: adapter?.name ?? '', browser };
  return { experiment, sessions: [session] };
}

interface OldSummary {
  readonly experiment?: string;
  readonly startedAt?: string;
  readonly elapsedMs?: number;
  readonly steps?: number;
  readonly adapter?: { readonly name?: string };
  readonly browser?: string;
}

function readJson(path: string): unknown {
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  } catch {
    return undefined; // It says how long something took, no more.
  }
}

/** The session under way, behind those before it; kept in the folder with each checkpoint, so that a killed run has it, too. */
export class RunningSession {
  readonly #path: string;
  readonly #before: SessionStart;
  readonly #about: Pick<Session, 'fromStep' | 'adapter' | 'browser'>;
  #toStep: number;

  constructor(
    folder: string,
    before: SessionStart,
    about: Pick<Session, 'fromStep' | 'adapter' | 'browser'>,
  ) {
    this.#path = join(folder, file);
    this.#before = before;
    this.#about = about;
    this.#toStep = about.fromStep;
    this.#write();
  }

  get experiment(): string | null {
    return this.#before.experiment;
  }

  /** All sessions up to now. */
  get duration(): Duration {
    const { startedAt } = this.#before;
    const now = {
      startedAt: startedAt.toISOString(),
      elapsedMs: Date.now() - startedAt.getTime(),
      ...this.#about,
      toStep: this.#toStep,
    };
    const sessions = [...this.#before.sessions, now];
    return {
      startedAt: sessions[0]!.startedAt,
      elapsedMs: sessions.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
      sessions,
    };
  }

  /** The state of this step is kept. */
  reach(step: number): void {
    this.#toStep = step;
    this.#write();
  }

  /** The session is over, scores and all: what it took is kept, and returned. */
  end(): Duration {
    return this.#write();
  }

  /** Returns what is written. */
  #write(): Duration {
    const { duration } = this;
    const record: SessionRecord = { experiment: this.experiment, sessions: duration.sessions };
    writeFileAtomicallySync(this.#path, `${JSON.stringify(record, null, 1)}\n`);
    return duration;
  }
}
