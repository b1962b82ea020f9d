// Options of search and experiments that hand the work to others: see docs/scale.md.
import { type Command, Option } from 'commander';
import { resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { path } from './paths.ts';

export const planOption = (): Option =>
  new Option(
    '--plan <dir>',
    'train nothing: write the trainings as jobs into this folder, for npm run trial -- --job',
  )
    .argParser(path)
    .conflicts('out');

export const collectOption = (): Option =>
  new Option('--collect <dir>', "make table and report from the results of such a folder's jobs").argParser(
    path,
  );

/** The folder to collect. @throws UserError where another option came with it: the plan has them */
export function collectedFolder(command: Command, folder: string): string {
  const others = command.options.filter(
    (option) =>
      option.attributeName() !== 'collect' && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  const [other] = others;
  if (other === undefined) return resolvePath(folder);
  throw new UserError(
    `${other.long} cannot be given with --collect: the plan in that folder says everything`,
  );
}
