import { type ChildProcess, spawn } from 'node:child_process';
import { projectRoot } from '../../src/hosts/project-root.ts';

/** How a command ended. */
export interface Outcome {
  /** Exit status; null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `npm run <command> -- <args>` without npm: of this project, or of a copy of it at `root`, with more in its environment. */
export function startCommand(
  command: string,
  args: readonly string[],
  root = projectRoot,
  env: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, ['src/cli/main.mjs', command, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, outcome };
}
