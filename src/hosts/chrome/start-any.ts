import type { Browser } from 'puppeteer';
import { UserError } from '../user-error.ts';
import { BrowserNotStarted } from './browser-process.ts';
import type { BrowserProgram } from './browser-program.ts';
import { cachedBrowsers, installedBrowsers, namedBrowser } from './candidates.ts';
import { installBrowser } from './install-browser.ts';

/** A browser that runs, and where it is. */
export interface StartedBrowser {
  readonly browser: Browser;
  readonly path: string;
}

/**
 * Starts the first browser of a kind that does start: the one that the environment names, and no other; else those of the usual
 * places, then those of puppeteer's cache, the newest first; where there is none at all, one is installed.
 * @throws UserError where none starts, with each one's own last words
 */
export async function startAny(
  program: BrowserProgram,
  start: (path: string) => Promise<Browser>,
  log: (line: string) => void,
): Promise<StartedBrowser> {
  const named = namedBrowser(program);
  const found = async () => [...installedBrowsers(program), ...(await cachedBrowsers(program))];
  const paths = named === undefined ? await found() : [named];
  if (paths.length === 0) {
    const installed = await installBrowser(program, log);
    if (installed === undefined) throw new UserError(`no ${program.title} found: ${program.advice}`);
    paths.push(installed);
  }
  return startFirst(paths, { start, log, variable: program.variables[0] });
}

/** Tries one after another. @throws UserError where none starts */
export async function startFirst(
  paths: readonly string[],
  {
    start,
    log,
    variable,
  }: {
    readonly start: (path: string) => Promise<Browser>;
    readonly log: (line: string) => void;
    /** The environment's name for it. */
    readonly variable: string;
  },
): Promise<StartedBrowser> {
  const failures: string[] = [];
  for (const [i, path] of paths.entries()) {
    try {
      return { browser: await start(path), path };
    } catch (error) {
      if (!(error instanceof BrowserNotStarted)) throw error;
      failures.push(`${path} does not start: ${error.message}`);
      const next = paths[i + 1];
      if (next !== undefined) log(`${failures.at(-1)}; trying ${next}`);
    }
  }
  throw new UserError(`${failures.join('; ')} (another browser can be named with ${variable}=/path/to/it)`);
}
