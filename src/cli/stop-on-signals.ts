/** Exit status after Ctrl-C, as shells count it. */
export const interrupted = 130;

/** Ctrl-C before there was anything to keep. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A terminal signals the whole process group, and npm passes its own signal on: one Ctrl-C may arrive twice. */
const sameSignalMs = 500;

/**
 * First Ctrl-C: `stop` ends the work after the `unit` that is under way. Second: leaves at once.
 * `asked` says whether there was a first; `forget` takes the handlers away.
 */
export function stopOnSignals(stop: () => Promise<void>, log: (line: string) => void, unit: string) {
  let askedAt: number | undefined;
  const onSignal = () => {
    if (askedAt !== undefined) {
      if (Date.now() - askedAt > sameSignalMs) process.exit(interrupted);
      return;
    }
    askedAt = Date.now();
    log(`stopping after ${unit}; once more to leave at once`);
    stop().catch(() => process.exit(interrupted));
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    asked: () => askedAt !== undefined,
    forget: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
