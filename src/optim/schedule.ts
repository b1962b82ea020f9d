/** Learning rates as plain data. */
export type Schedule =
  | { readonly kind: 'constant'; readonly rate: number }
  | {
      /** Triangles between `min` and `max` (Smith 2017, https://arxiv.org/abs/1506.01186). */
      readonly kind: 'cyclical';
      readonly min: number;
      readonly max: number;
      /** Steps from the minimum to the maximum: half a cycle. */
      readonly halfCycle: number;
      /** The maximum is multiplied by this after each whole cycle. */
      readonly decay: number;
    };

/** Learning rate of step t = 0, 1, ... */
export function learningRate(schedule: Schedule, t: number): number {
  if (schedule.kind === 'constant') return schedule.rate;
  const { min, max, halfCycle, decay } = schedule;
  const cycle = Math.floor(t / (2 * halfCycle));
  const place = t - cycle * 2 * halfCycle;
  const height = place <= halfCycle ? place / halfCycle : 2 - place / halfCycle;
  return min + height * (max * decay ** cycle - min);
}
