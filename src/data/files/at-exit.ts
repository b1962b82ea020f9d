/** What must not outlive the process, however it ends: temporary files, locks, a browser. SIGKILL alone is stronger. */

const cleanups = new Set<() => void>();
let listening = false;

/**
 * Runs `cleanup` when the process exits, the last one registered first. Nothing can be awaited there.
 * Returns a function that takes it back, for what was cleaned up in time.
 */
export function atExit(cleanup: () => void): () => void {
  if (!listening) process.once('exit', runAll);
  listening = true;
  // Unique even where the same function is registered twice.
  const own = () => cleanup();
  cleanups.add(own);
  return () => {
    cleanups.delete(own);
  };
}

function runAll(): void {
  for (const cleanup of [...cleanups].reverse()) {
    try {
      cleanup();
    } catch {
      // The others must still run, and the exit status stays what it is.
    }
  }
  cleanups.clear();
}
