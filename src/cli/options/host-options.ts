// Options of every command that computes: where.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HostOptions } from '../../hosts/host.ts';
import { hosts } from '../../hosts/open-host.ts';
import { UserError } from '../../hosts/user-error.ts';
import { wholeNumber } from './numbers.ts';

const names = hosts.map(({ name }) => name);
const browsers = hosts.filter(({ isBrowser }) => isBrowser).map(({ name }) => name);

/** Adds `--host`, `--browser` and `--adapter`. */
export function addHostOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--host <name>',
        `where to compute: ${hosts.map(({ what }) => what).join(', or ')} (default: ${hosts[0].name})`,
      ).choices(names),
    )
    .addOption(new Option('--browser <name>', 'a host that is a browser').choices(browsers))
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

/** The options that choose this host again; none for the default. */
export const hostFlags = ({ host, adapter }: HostOptions): readonly string[] => [
  ...(host === hosts[0].name ? [] : ['--host', host]),
  ...(adapter === undefined ? [] : ['--adapter', adapter]),
];

function browserAddress(text: string): string {
  if (URL.canParse(text) && /^(wss?|https?):$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError(`must be an address such as ws://127.0.0.1:9222/..., got "${text}"`);
}

/** What they mean. @throws UserError for an option that the host has no use for */
export function hostOptionsOf(flags: {
  readonly host?: string;
  readonly browser?: string;
  readonly adapter?: string;
  readonly browserWs?: string;
  readonly pagePort?: number;
}): HostOptions {
  const { adapter, browserWs: browserUrl, pagePort: port } = flags;
  const { browser, host = browser ?? hosts[0].name } = flags;
  if (browser !== undefined && browser !== host) {
    throw new UserError(`--browser ${browser} and --host ${host} exclude each other: name one of them`);
  }
  if (host !== 'node' && adapter !== undefined) {
    throw new UserError('--adapter is for --host node: a browser chooses the adapter itself');
  }
  if (host !== 'chrome' && (browserUrl ?? port) !== undefined) {
    const name = browserUrl === undefined ? '--page-port' : '--browser-ws';
    throw new UserError(`${name} is for --host chrome, not for ${host}`);
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
