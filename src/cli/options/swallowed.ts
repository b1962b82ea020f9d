import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { commandLine } from '../command-line.ts';
import { startedByNpm } from '../setup/place.mjs';

/** An option of a command, as npm sees it. */
export interface NamedOption {
  /** `--lr-max`, `--no-tune`. */
  readonly long: string;
  readonly takesValue: boolean;
  /** It may stand without one. */
  readonly valueIsOptional?: boolean;
}

/** The surroundings of a command; a test has its own. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly root: string;
}

/**
 * `npm run train --steps=20`: without `--` in front of them npm keeps options for itself, and tells the script of them in its
 * environment alone.
 *
 * @param args what npm left: of `--steps 20` the 20
 * @throws UserError where that happened
 */
export function refuseSwallowed(
  command: string,
  options: readonly NamedOption[],
  args: readonly string[],
  { env, root }: Surroundings = { env: process.env, root: projectRoot },
): void {
  if (!startedByNpm(command, root, env)) return;
  const taken = options.filter((option) => wasTaken(option, env));
  if (taken.length === 0) return;
  const left = [...args];
  const words = taken.flatMap((option) => {
    const value = env[keyOf(option.long)]!;
    if (!option.takesValue) return [option.long];
    // The value of `--steps 20` stands among the arguments; of several nothing says whose it is.
    if (option.valueIsOptional && value === 'true') return [option.long];
    const own = value === 'true' ? (taken.length === 1 ? left.shift() : undefined) : value;
    return own === undefined ? [option.long, '...'] : [option.long, own];
  });
  const names = taken.map(({ long }) => long).join(', ');
  throw new UserError(
    `npm took ${names} for itself: put -- before the options, as in ${commandLine(command, [...words, ...left])}`,
  );
}

const keyOf = (long: string): string => `npm_config_${long.replace(/^--(no-)?/, '').replaceAll('-', '_')}`;

function wasTaken({ long, takesValue }: NamedOption, env: NodeJS.ProcessEnv): boolean {
  const value = env[keyOf(long)];
  if (value === undefined || isConfigured(long, env)) return false;
  // npm writes true as "true" and false as "".
  if (takesValue) return value !== '';
  return long.startsWith('--no-') ? value === '' : value === 'true';
}

/** Whether npm's own files set an option of that name: such as `json` and `browser`, which npm has, too. */
function isConfigured(long: string, env: NodeJS.ProcessEnv): boolean {
  const name = long.replace(/^--(no-)?/, '').replaceAll('-', '[-_]');
  const project = env.npm_config_local_prefix && join(env.npm_config_local_prefix, '.npmrc');
  return [env.npm_config_userconfig, env.npm_config_globalconfig, project].some((path) => {
    try {
      return path ? new RegExp(`^\\s*${name}\\s*=`, 'm').test(readFileSync(path, 'utf8')) : false;
    } catch {
      return false;
    }
  });
}
