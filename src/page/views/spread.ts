import { percent } from '../format.ts';

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** `53.4 %`, or of several seeds `53.4 ± 0.3 %`: mean and standard deviation. */
export function spread(values: readonly number[]): string {
  if (values.length < 2) return percent(values[0] ?? Number.NaN);
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return `${(100 * middle).toFixed(1)} ± ${(100 * Math.sqrt(variance)).toFixed(1)} %`;
}
