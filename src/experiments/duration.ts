/** From one start of a training to its end, or, where it was killed, to its last checkpoint. */
export interface Session {
  /** ISO date. */
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly fromStep: number;
  readonly toStep: number;
  readonly adapter: string;
  readonly browser: string;
}

/** How long a training took, over all the times that it was started and went on. */
export interface Duration {
  /** ISO date of the first session's start. */
  readonly startedAt: string;
  /** Sum over the sessions: what lay between them does not count. */
  readonly elapsedMs: number;
  readonly sessions: readonly Session[];
}
