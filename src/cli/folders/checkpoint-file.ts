import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../hosts/user-error.ts';
import { type Checkpoint, readCheckpoint } from '../../train/checkpoint.ts';

/** Name of the last checkpoint in a run's folder. */
export const checkpointFile = 'checkpoint.safetensors';

/** Checkpoints that stderr was told of. */
const told = new Set<string>();

/**
 * Reads a checkpoint and checks its hash. Where an earlier version wrote it, which kept none, stderr says so, once.
 * @throws UserError where it is damaged; `remedy` says what to do then
 */
export function readCheckpointFile(
  path: string,
  remedy: string,
): { readonly file: Uint8Array<ArrayBuffer>; readonly checkpoint: Checkpoint } {
  const file = readFile(path);
  try {
    const checkpoint = readCheckpoint(file, (note) => {
      if (!told.has(path)) console.error(`note: ${path}: ${note}`);
      told.add(path);
    });
    return { file, checkpoint };
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}; ${remedy}`);
  }
}

/** @throws UserError */
function readFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(
      code === 'EISDIR' ? `${path} is a folder, not a checkpoint` : `${path} cannot be read: ${message}`,
    );
  }
}

/** The checkpoint file of a run's folder. @throws UserError where there is none or it is damaged. */
export function findCheckpoint(path: string): Uint8Array<ArrayBuffer> {
  const file = join(path, checkpointFile);
  if (!existsSync(file)) throw new UserError(`--resume ${path}: there is no ${checkpointFile} in it`);
  return readCheckpointFile(file, 'the run cannot go on from it').file;
}
