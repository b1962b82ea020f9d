import { type Command, Option } from 'commander';
import { UserError } from '../../hosts/user-error.ts';

/** Where the engine runs: headless Chrome, or this machine's Node with the npm package webgpu. */
export type HostName = 'chrome' | 'node';

export interface HostOptions {
  readonly host: HostName;
  /** Name of the adapter, Node alone. */
  readonly adapter: string | undefined;
}

export function addHostOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--host <name>', 'where to compute: headless Chrome, or Node by the npm package webgpu')
        .choices(['chrome', 'node'])
        .default('chrome'),
    )
    .option('--adapter <name>', 'adapter by its name, with --host node (a wrong name lists them)');
}

/** @throws UserError for an adapter that the host does not let one choose */
export function hostOptionsOf(flags: { readonly host?: string; readonly adapter?: string }): HostOptions {
  const host = flags.host === 'node' ? 'node' : 'chrome';
  if (host === 'chrome' && flags.adapter !== undefined) {
    throw new UserError('--adapter is for --host node: Chrome chooses the adapter itself');
  }
  return { host, adapter: flags.adapter };
}
