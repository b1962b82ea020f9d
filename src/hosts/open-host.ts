// The hosts: where commands compute. Only what the chosen one needs is loaded: Node needs no browser, Chrome no package webgpu.
import type { RecordSet } from '../data/record-set.ts';
import type { Host, HostOptions } from './host.ts';

export interface OpenOptions extends HostOptions {
  readonly dataset: RecordSet;
  readonly dataDir?: string | undefined;
  readonly log: (line: string) => void;
}

interface HostKind {
  /** As `--host` names it. */
  readonly name: string;
  /** A few words for `--help`. */
  readonly what: string;
  readonly isBrowser: boolean;
  open(options: OpenOptions): Promise<Host>;
}

/** Every host; the first is the default. An entry more is a host more: every command has it as `--host <name>`. */
export const hosts: readonly [HostKind, ...HostKind[]] = [
  {
    name: 'chrome',
    what: 'headless Chrome',
    isBrowser: true,
    open: async (options) => (await import('./chrome/run.ts')).openChromeHost(options),
  },
  {
    name: 'firefox',
    what: 'headless Firefox',
    isBrowser: true,
    open: async (options) => (await import('./firefox/run.ts')).openFirefoxHost(options),
  },
  {
    name: 'node',
    what: 'Node by the npm package webgpu',
    isBrowser: false,
    open: async (options) => (await import('./node/run.ts')).openNodeHost(options),
  },
];

/**
 * Opens the host that was asked for, with the data prepared (downloaded where they are missing).
 * @throws DataError where no source has the data; UserError where the host cannot be had
 */
export function openHost(options: OpenOptions): Promise<Host> {
  return hosts.find(({ name }) => name === options.host)!.open(options);
}
