/** Exit status after Ctrl-C, as shells count it. */
export const interrupted = 130;

/** First Ctrl-C: stop after the steps already submitted. Second: leave at once. */
export function stopOnSignals(stop: () => Promise<void>, log: (line: string) => void) {
  let asked = false;
  const onSignal = () => {
    if (asked) process.exit(interrupted);
    asked = true;
    log('stopping after the steps already submitted; once more to leave at once');
    stop().catch(() => process.exit(interrupted));
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    forget: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
