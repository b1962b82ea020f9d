/** A curve with what lies around it: all of one length. NaN where a value is not finite. */
export interface Curve {
  readonly x: readonly number[];
  readonly middle: readonly number[];
  /** Ends of the band; the curve itself where there is none. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** x of rows in which a value is not finite. */
  readonly broken: readonly number[];
}

/** The least and the largest finite value of `values[from..to)`, in the order in which they stand; NaN of none. */
function extremes(values: readonly number[], from: number, to: number): readonly [number, number] {
  let least = -1;
  let largest = -1;
  for (let i = from; i < to; i++) {
    if (!Number.isFinite(values[i])) continue;
    if (least < 0 || values[i]! < values[least]!) least = i;
    if (largest < 0 || values[i]! > values[largest]!) largest = i;
  }
  if (least < 0) return [Number.NaN, Number.NaN];
  return least <= largest ? [values[least]!, values[largest]!] : [values[largest]!, values[least]!];
}

/**
 * At most `most` points of a curve, two for each bin: its least and its largest value, so that a spike survives whatever the zoom. The width of a bin is a
 * power of two of points and bins are counted from the start, so that what was drawn stays as it is when points are added.
 */
export function decimate(curve: Curve, most: number): Curve {
  const points = curve.x.length;
  if (points <= most) return curve;
  let width = 2;
  while ((2 * points) / width > most) width *= 2;
  const [x, middle, low, high]: number[][] = [[], [], [], []];
  for (let from = 0; from < points; from += width) {
    const to = Math.min(from + width, points);
    const [a, b] = extremes(curve.middle, from, to);
    x!.push(curve.x[from]!, curve.x[to - 1]!);
    middle!.push(a, b);
    const [l1, l2] = extremes(curve.low, from, to);
    const [h1, h2] = extremes(curve.high, from, to);
    low!.push(Math.min(l1, l2), Math.min(l1, l2));
    high!.push(Math.max(h1, h2), Math.max(h1, h2));
  }
  return { x: x!, middle: middle!, low: low!, high: high!, broken: curve.broken };
}

/** Mean and range over R replicas of values that stand row by row: over those whose loss is finite there, since a net that diverged still has an accuracy. */
export function curveOf(
  x: readonly number[],
  values: readonly number[],
  replicas: number,
  losses: readonly number[] = values,
): Curve {
  const [middle, low, high, broken]: number[][] = [[], [], [], []];
  for (const [row, at] of x.entries()) {
    let [sum, count, least, largest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = row * replicas; i < (row + 1) * replicas; i++) {
      if (!Number.isFinite(losses[i])) continue;
      const value = values[i]!;
      sum += value;
      count++;
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
    if (count < replicas) broken!.push(at);
    middle!.push(sum / count);
    low!.push(least);
    high!.push(largest);
  }
  return { x, middle: middle!, low: low!, high: high!, broken: broken! };
}

/**
 * Exponential smoothing without the pull of its start (Kingma & Ba 2015, section 3): each value is a weighted mean of those so far, and a constant series
 * stays as it is. 0 changes nothing; values that are not finite are passed over.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values];
  let sum = 0;
  let weights = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    weights = weight * weights + (1 - weight);
    return sum / weights;
  });
}
