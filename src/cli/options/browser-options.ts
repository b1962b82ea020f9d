// Options of every command that computes: in which browser.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RemoteBrowser } from '../../hosts/chrome/page-server.ts';
import { UserError } from '../../hosts/user-error.ts';
import { wholeNumber } from './numbers.ts';

/** Adds `--browser-ws` and `--page-port`. */
export function addBrowserOptions(command: Command): Command {
  return command
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

/** What they mean. @throws UserError for a port that nothing needs */
export function remoteBrowser(flags: {
  readonly browserWs?: string;
  readonly pagePort?: number;
}): RemoteBrowser {
  const { browserWs: browserUrl, pagePort: port } = flags;
  if (port !== undefined && browserUrl === undefined) {
    throw new UserError(
      '--page-port is for --browser-ws: a browser of this computer finds the page by itself',
    );
  }
  return { ...(browserUrl !== undefined && { browserUrl }), ...(port !== undefined && { port }) };
}
