// Options of every command that computes: where.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HostOptions } from '../../hosts/host.ts';
import { hosts } from '../../hosts/open-host.ts';
import { UserError } from '../../hosts/user-error.ts';
import { wholeNumber } from './numbers.ts';

/** Adds `--host` and `--adapter`. */
export function addHostOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--host <name>', `where to compute: ${hosts.map(({ what }) => what).join(', or ')}`)
        .choices(hosts.map(({ name }) => name))
        .default(hosts[0].name),
    )
    .option('--adapter <name>', 'adapter by its name, with --host node (a wrong name lists them)');
}

/** Adds `--browser-ws` and `--page-port` too. */
export function addHostAndBrowserOptions(command: Command): Command {
  return addHostOptions(command)
    .addOption(
      new Option(
        '--browser-ws <url>',
        'compute in a Chrome that runs elsewhere: its DevTools address, such as ws://127.0.0.1:9222/devtools/browser/... or http://127.0.0.1:9222',
      ).argParser(browserAddress),
    )
    .addOption(
      new Option(
        '--page-port <n>',
        'port of this computer at which that Chrome finds the page and the data, for a tunnel (default: a free one)',
      ).argParser(wholeNumber(1, 65_535)),
    );
}

function browserAddress(text: string): string {
  if (URL.canParse(text) && /^(wss?|https?):$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError(`must be an address such as ws://127.0.0.1:9222/..., got "${text}"`);
}

/** What they mean. @throws UserError for an option that the host has no use for */
export function hostOptionsOf(flags: {
  readonly host?: string;
  readonly adapter?: string;
  readonly browserWs?: string;
  readonly pagePort?: number;
}): HostOptions {
  const { adapter, browserWs: browserUrl, pagePort: port } = flags;
  const { host = hosts[0].name } = flags;
  if (host !== 'node' && adapter !== undefined) {
    throw new UserError('--adapter is for --host node: a browser chooses the adapter itself');
  }
  if (host !== 'chrome' && (browserUrl ?? port) !== undefined) {
    const name = browserUrl === undefined ? '--page-port' : '--browser-ws';
    throw new UserError(`${name} is for --host chrome: ${host} needs no browser`);
  }
  if (port !== undefined && browserUrl === undefined) {
    throw new UserError(
      '--page-port is for --browser-ws: a browser of this computer finds the page by itself',
    );
  }
  return {
    host,
    ...(adapter !== undefined && { adapter }),
    ...(browserUrl !== undefined && { browserUrl }),
    ...(port !== undefined && { port }),
  };
}
