import { renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { atExit } from '../../data/files/at-exit.ts';
import { makeFolder, removeEmpty } from './make-folder.ts';

/**
 * Makes a folder anew, whole or not at all: `write` fills one beside it, which then takes its place. Where that fails or the process ends before,
 * what stood there is unchanged.
 * @throws UserError where it cannot be made there
 */
export async function writeWholeFolder(
  path: string,
  write: (unfinished: string) => Promise<void>,
): Promise<void> {
  // Under its own name, so that an error says what the user wrote.
  const made = makeFolder(path);
  if (made !== undefined) rmdirSync(path);
  const unfinished = `${path}.${process.pid}.tmp`;
  const remove = () => {
    rmSync(unfinished, { recursive: true, force: true });
    removeEmpty(dirname(path), made);
  };
  const forget = atExit(remove);
  try {
    makeFolder(unfinished);
    await write(unfinished);
    rmSync(path, { recursive: true, force: true });
    renameSync(unfinished, path);
  } finally {
    remove();
    forget();
  }
}
