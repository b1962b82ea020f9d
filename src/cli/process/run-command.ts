import { isFullDisk } from '../../data/files/full-disk.mjs';
import { tolerateClosedOutput } from './output.ts';
import { signals } from './signals.ts';

/** A command's module: `main` takes its arguments and returns the exit status. */
interface CommandModule {
  main(args: readonly string[]): Promise<number>;
}

/** Errors whose message alone tells the user what is wrong and what to do. */
const userErrors = new Set(['UserError', 'DataError', 'FileWriteError']);

/**
 * Runs a command, from the loading of its module on, and returns the exit status of the process: what the command says; 2 with one
 * line where the user can do something about what went wrong; 128 + signal where one stopped it; 1 with the whole stack where we
 * have to.
 */
export async function runCommand(
  name: string,
  load: () => Promise<CommandModule>,
  args: readonly string[],
): Promise<number> {
  signals.listen(name);
  const outputFailure = tolerateClosedOutput(process);
  let status: number;
  try {
    const { main } = await load();
    status = await main(args);
  } catch (error) {
    status = report(name, error);
  }
  // A failed write is told in the next turn.
  await new Promise<void>((resolve) => setImmediate(() => resolve()));
  const failure = outputFailure();
  if (failure === undefined) return status;
  console.error(`${name}: the results cannot be written to standard output: ${failure.message}`);
  return status === 0 ? 2 : status;
}

function report(command: string, error: unknown): number {
  const { name, message } = error as Error;
  if (name === 'Interrupted') {
    console.error(`${command}: ${message}`);
    return signals.status;
  }
  // A full disk may show anywhere, such as in the browser's temporary folder.
  if (userErrors.has(name) || isFullDisk(error)) {
    console.error(`${command}: ${message}`);
    return 2;
  }
  console.error(error);
  return 1;
}
