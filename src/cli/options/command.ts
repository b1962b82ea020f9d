import { Command, CommanderError } from 'commander';
import { UserError } from '../../hosts/user-error.ts';
import { commandLine } from '../command-line.ts';
import { refuseSwallowed } from './swallowed.ts';

const exitStatuses = `
Exit status: 0 done; 1 found wrong, or broken; 2 cannot be done as asked, with one line that says why;
129, 130, 143 stopped by SIGHUP, SIGINT (Ctrl-C), SIGTERM, what was done being kept.`;

/** A command whose mistakes in use become one line and exit status 2. */
export function makeCommand(name: string, description: string): Command {
  return new Command(name)
    .usage('[options]')
    .description(description)
    .helpOption('-h, --help', 'show this help')
    .addHelpText('afterAll', exitStatuses)
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}

/** Parses; undefined where help was asked for. @throws UserError for a mistake, in one line. */
export function parse(command: Command, args: readonly string[]): Command | undefined {
  const options = command.options.flatMap(({ long, required, optional }) =>
    long ? [{ long, takesValue: required || optional, valueIsOptional: optional }] : [],
  );
  refuseSwallowed(command.name(), options, args);
  try {
    return command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return undefined;
    const message = error.message
      .replace(/^error: /, '')
      .replace(/option '(?:-\w, )?(--[\w-]+)[^']*' argument '[^']*' is invalid\. must/, '$1 must')
      .replace(
        /option '(?:-\w, )?(--[\w-]+)[^']*' argument '([^']*)' is invalid\. Allowed/,
        '$1 $2 is unknown: allowed',
      )
      .replace(/\.$/, '')
      .replace(/\s*\n\s*/g, ' ');
    throw new UserError(`${message} (see ${commandLine(command.name(), ['--help'])})`);
  }
}
