// Commands that are shown, to be pasted.
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { projectRoot } from '../hosts/project-root.ts';

/** Where and for which shell a command is shown. */
export interface Shown {
  readonly platform: NodeJS.Platform;
  /** Where the user stands. */
  readonly cwd: string;
  readonly root: string;
  /** The folder is a kit (`npm run pack-bench`), which has neither npm scripts nor sources. */
  readonly isKit?: boolean;
}

const here = (): Shown => ({
  platform: process.platform,
  cwd: process.cwd(),
  root: projectRoot,
  isKit: !existsSync(join(projectRoot, 'src')),
});

/**
 * A command of this project with its arguments, quoted for the shell. It can be pasted where the user stands: npm finds its scripts
 * within the project only.
 */
export function commandLine(
  command: string,
  args: readonly string[],
  { platform, cwd, root, isKit = false }: Shown = here(),
): string {
  const words = args.map((arg) => quoteForShell(arg, platform));
  if (isKit) {
    const runner = quoteForShell(join(root, 'run.mjs'), platform);
    return ['node', runner, ...(command === 'kit' ? [] : [command]), ...words].join(' ');
  }
  const path = relative(root, cwd);
  const isWithin = !isAbsolute(path) && path.split(/[\\/]/)[0] !== '..';
  if (!isWithin) {
    return ['node', quoteForShell(join(root, 'src/cli/main.mjs'), platform), command, ...words].join(' ');
  }
  return ['npm run', command, ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

/** A word that the shell gives to a command as it is: POSIX shells, and on Windows cmd and PowerShell. */
export function quoteForShell(word: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return /^[\w@+=:./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
