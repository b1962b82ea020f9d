/** Progress of the preparation as plain lines, for logs and for terminals without a bar. */

import type { PrepareProgress } from './sources.ts';

/**
 * Turns progress events into lines: one when source or phase changes, then at most one per interval.
 *
 * @param write takes a line, without its line break
 * @param intervalMs default 5 s
 */
export function progressLines(
  write: (line: string) => void,
  intervalMs = 5_000,
): (progress: PrepareProgress) => void {
  let stage = '';
  let nextMs = 0;
  return ({ source, phase, doneBytes, totalBytes }) => {
    const nowMs = performance.now();
    if (`${source} ${phase}` === stage && nowMs < nextMs) return;
    stage = `${source} ${phase}`;
    nextMs = nowMs + intervalMs;
    const of = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
    write(`data: ${source}: ${phase} ${megabytes(doneBytes)}${of} MB`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
