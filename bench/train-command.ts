/** `npm run train` as a process of its own, and what its `summary.json` says. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../src/hosts/project-root.ts';
import type { Phase } from '../src/train/phases.ts';

/** The part of `summary.json` that is read. */
export interface TrainSummary {
  readonly phases: readonly Phase[];
  readonly perSeed: readonly { readonly testAccuracy: number }[];
}

/** Undefined where it was stopped. @throws Error with the last words of a command that fails */
export async function trainCommand(
  args: readonly string[],
  stop: AbortSignal,
): Promise<{ readonly summary: TrainSummary; readonly wholeMs: number } | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-bench-'));
  try {
    const out = join(folder, 'run');
    const startedAt = performance.now();
    await runTrain([...args, '--out', out], stop);
    if (stop.aborted) return undefined;
    const wholeMs = performance.now() - startedAt;
    return { summary: JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as TrainSummary, wholeMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runTrain(args: readonly string[], stop: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [join(projectRoot, 'src/cli/main.mjs'), 'train', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = () => child.kill();
  stop.addEventListener('abort', end);
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      stop.removeEventListener('abort', end);
      if (status === 0 || stop.aborted) resolve();
      else reject(new Error(`train ended with ${signal ?? status}: ${lastWords(words)}`));
    });
  });
}

/** The last line that says something; under the stack of a crash Node writes its version. */
const lastWords = (text: string): string =>
  text.split('\n').findLast((line) => line.trim() !== '' && !/^Node\.js v/.test(line)) ?? 'it said nothing';
