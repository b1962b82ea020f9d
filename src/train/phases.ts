// The parts of a start, from the command to the results. Some go on at the same time.

/** In their order. `command`: until the browser is asked for; `training`: with the validation at its end; `evaluation`: all that results need. */
export const phaseNames = [
  'command',
  'browser',
  'page',
  'adapter',
  'data',
  'compile',
  'tuning',
  'first step',
  'training',
  'evaluation',
] as const;

export type PhaseName = (typeof phaseNames)[number];

/** When a part began and ended: ms since the epoch, by the clock of the computer where it went on. */
export interface Phase {
  readonly phase: PhaseName;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Now, as phases have it. */
export const phaseClock = (): number => performance.timeOrigin + performance.now();

/** Starts to time a part; what is returned tells its end. */
export function beginPhase(phase: PhaseName, tell: (phase: Phase) => void): () => void {
  const fromMs = phaseClock();
  return () => tell({ phase, fromMs, toMs: phaseClock() });
}
