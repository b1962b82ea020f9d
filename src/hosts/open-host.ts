import type { RecordSet } from '../data/record-set.ts';
import type { Host, HostOptions } from './host.ts';

/**
 * Opens the host that was asked for, with the data prepared (downloaded where they are missing). Only what it needs is loaded: Node needs
 * no browser, Chrome no package webgpu.
 * @throws DataError where no source has the data; UserError where the host cannot be had
 */
export async function openHost(
  options: HostOptions & {
    readonly dataset: RecordSet;
    readonly dataDir?: string | undefined;
    readonly log: (line: string) => void;
  },
): Promise<Host> {
  if (options.host === 'node') return (await import('./node/run.ts')).openNodeHost(options);
  return (await import('./chrome/run.ts')).openChromeHost(options);
}
