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
      /** Where in a cycle the maximum stands, between 0 and 1; in the middle unless given. */
      readonly peak?: number;
      /** Where the rate falls to, as a part of the maximum; the minimum unless given. */
      readonly end?: number;
      /** Each cycle is so many times as long as the one before; 1 unless given. */
      readonly growth?: number;
    };

/** Learning rate of step t = 0, 1, ... */
export function learningRate(schedule: Schedule, t: number): number {
  if (schedule.kind === 'constant') return schedule.rate;
  const { min, max, halfCycle, decay, peak, end, growth = 1 } = schedule;
  let length = 2 * halfCycle;
  let cycle = growth === 1 ? Math.floor(t / length) : 0;
  let place = t - cycle * length;
  for (; growth !== 1 && place >= length; cycle++) {
    place -= length;
    length *= growth;
  }
  const top = peak === undefined ? length / 2 : peak * length;
  const largest = max * decay ** cycle;
  if (place <= top) return min + (place / top) * (largest - min);
  const low = end === undefined ? min : end * largest;
  // In the middle: the form that the first versions had, to the last bit.
  const height = peak === undefined ? 2 - place / top : (length - place) / (length - top);
  return low + height * (largest - low);
}

/** Steps of so many cycles. */
export function cycleSteps(
  { halfCycle, growth = 1 }: Extract<Schedule, { kind: 'cyclical' }>,
  cycles: number,
): number {
  let steps = 0;
  for (let cycle = 0; cycle < cycles; cycle++) steps += 2 * halfCycle * growth ** cycle;
  return steps;
}
