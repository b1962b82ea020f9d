// --optimizer and what belongs to it: the table of optimizers as flags.
import { type Command, Option, type OptionValues } from 'commander';
import { UserError } from '../../hosts/user-error.ts';
import { type OptimizerSpec, optimizerOf, optimizers } from '../../optim/index.ts';
import { flagOf, lackingOption, optimizerOptions } from '../../optim/options.ts';
import { numberWithin } from './numbers.ts';

/** Choices of `--optimizer`. */
export const optimizerNames: readonly string[] = optimizers.map(({ kind }) => kind);

/** Adds `--momentum`, `--nesterov`, `--weight-decay`, ..., each named with the optimizers that have it. */
export function addOptimizerOptions(command: Command): Command {
  for (const { name, what, owners, range } of optimizerOptions) {
    const about = `${what} (${owners.map(({ kind }) => kind).join(', ')})`;
    const flag = range === undefined ? `--${flagOf(name)}` : `--${flagOf(name)} <x>`;
    const option = new Option(flag, about);
    command.addOption(range === undefined ? option : option.argParser(numberWithin(...range)));
  }
  return command;
}

/**
 * The optimizer `kind` (undefined: that of the experiment) with what the flags change.
 * @throws UserError for a flag that it does not have
 */
export function optimizerFrom(
  kind: string | undefined,
  usual: OptimizerSpec,
  flags: OptionValues,
): OptimizerSpec {
  const own = kind === undefined || kind === usual.kind ? usual : optimizerOf({ kind }).defaults;
  const table = optimizerOf(own);
  const given = optimizerOptions.filter(({ name }) => flags[name] !== undefined);
  for (const { name, owners } of given) {
    if (owners.includes(table)) continue;
    throw new UserError(
      `--${flagOf(name)} belongs to ${listed(owners.map((owner) => owner.kind))}, not to ${own.kind}: see --optimizer`,
    );
  }
  const changed = { ...own, ...Object.fromEntries(given.map(({ name }) => [name, flags[name]])) };
  const lacking = lackingOption(changed);
  if (lacking !== undefined) {
    const { option, needs, suchAs } = lacking;
    throw new UserError(`--${option} needs --${needs}, such as --${needs} ${suchAs}`);
  }
  return changed;
}

/** `adam, adamw and rmsprop` */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
