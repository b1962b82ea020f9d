import { kindOf } from '../gpu/adapter-kind.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import type { Host } from './host.ts';
import { packagePath } from './node/package-path.ts';

const advised = new WeakSet<Host>();

/**
 * What to say, once for a host, where Chrome computes on the CPU and Node would do so in half to a seventh of the time, by Mesa's lavapipe with eight
 * lanes (docs/hosts.md). Undefined where that cannot be had.
 */
export function fasterHost(
  host: Host,
  adapter: AdapterDescription,
  { platform = process.platform, arch = process.arch, isInstalled = packagePath() !== undefined } = {},
): string | undefined {
  if (host.name !== 'chrome' || host.elsewhere !== undefined || kindOf(adapter) !== 'swiftshader')
    return undefined;
  if (platform !== 'linux' || arch !== 'x64' || !isInstalled || advised.has(host)) return undefined;
  advised.add(host);
  return 'hint: Chrome computes on the CPU here; with --host node a step takes a half to a seventh of the time (docs/hosts.md)';
}
