/** Test accuracy as the course gives it: of a single run, or the smallest and the largest of several. */
export type Reported = number | readonly [lowest: number, highest: number];

/** Smallest and largest figure, the same for a single one. */
export const reportedRange = (reported: Reported): readonly [lowest: number, highest: number] =>
  typeof reported === 'number' ? [reported, reported] : reported;

/** `0.53`, `0.1 to 0.21`. */
export const reportedText = (reported: Reported): string =>
  typeof reported === 'number' ? `${reported}` : reported.join(' to ');
