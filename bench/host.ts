import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../src/hosts/project-root.ts';
import type { Host } from '../src/measure/schema.ts';

/** Load average of the last minute. */
export const load = (): number => loadavg()[0] ?? 0;

export function describeHost(loadBefore: number): Host {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    loadBefore,
    loadAfter: load(),
  };
}

/** Where a kit (kit/pack.ts) notes the commit that it was made of. */
export const commitFile = 'commit.txt';

/** Commit, with `+` where files differ from it; null without git or outside a repository. */
export function currentCommit(): string | null {
  const noted = join(projectRoot, commitFile);
  if (existsSync(noted)) return readFileSync(noted, 'utf8').trim() || null;
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const commit = git('rev-parse', '--short=10', 'HEAD').trim();
    return git('status', '--porcelain').trim() === '' ? commit : `${commit}+`;
  } catch {
    return null;
  }
}
