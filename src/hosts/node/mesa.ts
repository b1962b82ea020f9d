// Mesa's lavapipe (llvmpipe): Vulkan computed on the CPU, for machines that have no other driver.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { atExit } from '../../data/files/at-exit.ts';

/** Debian releases whose own Mesa (22.3) lacks what Dawn wants, so that it comes from backports (25.0). */
const needsBackports: readonly string[] = ['bookworm'];

const packages = ['mesa-vulkan-drivers', 'libvulkan1'];

/**
 * Installs Debian's lavapipe, where this process may: Debian, as root. No source is left behind in the system's list.
 * @returns false where it may not, or apt-get failed
 */
export async function installMesa(log: (line: string) => void): Promise<boolean> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  const backports = needsBackports.includes(release);
  log(`no Vulkan driver found: installing Debian packages ${packages.join(' ')} (apt-get)`);
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-apt-'));
  const forget = atExit(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const options = backports ? withBackports(folder, release) : [];
    await aptGet([...options, 'update', '-qq']);
    const from = backports ? ['-t', `${release}-backports`] : [];
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...from, ...packages];
    return (await aptGet([...options, ...install])) === 0;
  } finally {
    forget();
    rmSync(folder, { recursive: true });
  }
}

/** apt-get's options for a list of sources of our own: the release and its backports. */
function withBackports(folder: string, release: string): string[] {
  const path = join(folder, 'sources.list');
  const line = (suite: string) => `deb http://deb.debian.org/debian ${suite} main\n`;
  writeFileSync(path, line(release) + line(`${release}-updates`) + line(`${release}-backports`));
  return ['-o', `Dir::Etc::sourcelist=${path}`, '-o', 'Dir::Etc::sourceparts=-'];
}

/** Its exit status, or -1 where it cannot be started. */
function aptGet(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn('apt-get', args, {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    child.on('error', () => resolve(-1));
    child.on('close', (code) => resolve(code ?? -1));
  });
}

const manifestFolders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** Manifests of the Vulkan drivers that are installed. */
export const vulkanManifests = (): readonly string[] =>
  manifestFolders
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((file) => join(path, file)));

/** Lavapipe's manifest, for `VK_ICD_FILENAMES`: Vulkan then sees this driver alone. Undefined where it is not installed. */
export const lavapipeManifest = (): string | undefined =>
  vulkanManifests().find((path) => /^lvp_icd\b.*\.json$/.test(basename(path)));
