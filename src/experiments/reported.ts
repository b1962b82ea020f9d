/** Test accuracy as the course gives it: of a single run, or the smallest and the largest of several. */
export type Reported = number | readonly [lowest: number, highest: number];

/** Smallest and largest figure, the same for a single one. */
export const reportedRange = (reported: Reported): readonly [lowest: number, highest: number] =>
  typeof reported === 'number' ? [reported, reported] : reported;

/**
 * How far a figure may be from the accuracy that it was rounded from: half a unit of its last digit. At least two digits are meant:
 * 0.1 stands for 0.10.
 */
export function roundingOf(figure: number): number {
  const digits = String(figure).split('.')[1]?.length ?? 0;
  return 0.5 * 10 ** -Math.max(2, digits);
}

/** `0.53`, `0.1 to 0.21`. */
export const reportedText = (reported: Reported): string =>
  typeof reported === 'number' ? `${reported}` : reported.join(' to ');
