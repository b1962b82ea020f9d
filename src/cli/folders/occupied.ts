import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../hosts/user-error.ts';

/** What a command left at the end of its work, or to go on from: it must not be overwritten by another's. */
const results = /^(checkpoint\.safetensors|(summary|results?|kit)\.json|weights(\.\d+)?\.safetensors)$/;

/**
 * For a command that begins something new in the folder, or goes on there with what another folder holds (`resumes`).
 * @throws UserError where it holds results of which nothing must be lost
 */
export function refuseOccupied(out: string, resumes = false): void {
  const found = readdirSync(out).filter((name) => results.test(name));
  if (found.length === 0) return;
  const what = found.includes('checkpoint.safetensors')
    ? `holds another run: ${resumes ? '' : 'go on with it by --resume, or '}name another folder`
    : `holds results (${found[0]}): name another folder`;
  throw new UserError(`--out ${out} ${what}`);
}

/**
 * For a run that goes on in the folder that it began in.
 * @throws UserError where that has its result: its checkpoint is that of an experiment, a trial or a population, whose files it would overwrite
 */
export function refuseFinished(folder: string): void {
  if (!existsSync(join(folder, 'result.json'))) return;
  throw new UserError(
    `--resume ${folder} holds the result of an experiment, a trial or a population (result.json): go on in another folder, by --out`,
  );
}

/**
 * For a command that goes on with what is in the folder.
 * @param isOwn whether a results.json is one of this command
 * @throws UserError where it holds the results of another command
 */
export function refuseOthers(
  out: string,
  isOwn: (file: { format?: string; study?: string }) => boolean,
): void {
  const path = join(out, 'results.json');
  let own = true;
  if (existsSync(path)) {
    try {
      own = isOwn(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      own = true; // Damaged, and made anew from the results of the folders.
    }
  }
  if (own && !existsSync(join(out, 'summary.json')) && !existsSync(join(out, 'checkpoint.safetensors')))
    return;
  throw new UserError(`--out ${out} holds the results of another command: name another folder`);
}
