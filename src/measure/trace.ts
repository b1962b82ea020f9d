import type { StepProfile } from './schema.ts';
import { median } from './statistics.ts';

/** Index of the step whose length is nearest to the median length. */
export function typicalStep({ dispatches }: StepProfile): number {
  const steps = dispatches[0]?.durationNs.length ?? 0;
  const last = dispatches.at(-1);
  const lengths = Array.from(
    { length: steps },
    (_, step) => (last?.startNs[step] ?? 0) + (last?.durationNs[step] ?? 0),
  );
  const usual = median(lengths);
  const distance = lengths.map((length) => Math.abs(length - usual));
  return Math.max(0, distance.indexOf(Math.min(...distance)));
}

/**
 * Profiles as a trace that chrome://tracing and https://ui.perfetto.dev open: one process per profile, its typical step.
 * Format: "Trace Event Format", complete events (ph X), times in microseconds.
 */
export function traceFile(profiles: readonly StepProfile[]): string {
  const traceEvents = profiles.flatMap((profile, pid) => {
    const step = typicalStep(profile);
    return [
      { name: 'process_name', ph: 'M', pid, tid: 0, args: { name: `${profile.group}, ${profile.row}` } },
      { name: 'thread_name', ph: 'M', pid, tid: 0, args: { name: 'GPU queue' } },
      ...profile.dispatches.map(({ label, op, variant, shape, work, startNs, durationNs }) => ({
        name: label,
        cat: op,
        ph: 'X',
        ts: startNs[step]! / 1000,
        dur: durationNs[step]! / 1000,
        pid,
        tid: 0,
        args: { kernel: `${op}/${variant}`, shape, ...work },
      })),
    ];
  });
  return `${JSON.stringify({ traceEvents, displayTimeUnit: 'ns' })}\n`;
}
