import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startChrome } from '../../hosts/chrome/launch.ts';
import { dawnVersion } from '../../hosts/node/dawn.ts';
import { installMesa, lavapipeManifest } from '../../hosts/node/mesa.ts';
import { projectRoot } from '../../hosts/project-root.ts';
import { refuseSwallowed } from '../options/swallowed.ts';
import { signals } from '../process/signals.ts';

const vitest = 'vitest/vitest.mjs';

/** The checks of `npm test`, in the order of their cost. */
const checks: readonly {
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
}[] = [
  { name: 'format and lint', module: '@biomejs/biome/bin/biome', args: ['ci', '.'] },
  { name: 'types', module: 'typescript/bin/tsc', args: ['--noEmit'] },
  // One after another: each keeps two cores busy, and tests have time limits.
  ...['node', 'gpu', 'lavapipe'].map((project) => ({
    name: `tests: ${project}`,
    module: vitest,
    args: ['run', '--passWithNoTests', '--project', project],
  })),
];

/** Options of Vitest that are often given, which npm must not keep. */
const testOptions = [
  ...[
    '--project',
    '--reporter',
    '--test-name-pattern',
    '--bail',
    '--retry',
    '--dir',
    '--shard',
    '--changed',
  ].map((long) => ({ long, takesValue: true })),
  ...['--watch', '--ui', '--update', '--coverage'].map((long) => ({ long, takesValue: false })),
];

/** `npm test`: everything that CI runs. Arguments, such as a file name, go to Vitest and skip the other checks. */
export async function main(args: readonly string[]): Promise<number> {
  refuseSwallowed('test', testOptions, args);
  // The first browser that starts: all tests take the same.
  const { browser: started, path: browser } = await startChrome({ log: (line) => console.error(line) });
  await started.close();
  console.error(`browser: ${browser}`);
  await provideLavapipe();
  const some = [{ name: 'tests', module: vitest, args: ['run'] }];
  for (const { name, module, args: own } of args.length > 0 ? some : checks) {
    console.error(`\n${name}`);
    const status = await runNode(join(projectRoot, 'node_modules', module), [...own, ...args], browser);
    if (signals.asked) return signals.status;
    if (status !== 0) return status;
  }
  return 0;
}

/** The second adapter of the tests, where its host is installed: without it they are left out, with the reason (test/lavapipe-driver.ts). */
async function provideLavapipe(): Promise<void> {
  if (dawnVersion() === '' || process.env.VK_ICD_FILENAMES !== undefined) return;
  if (lavapipeManifest() === undefined) await installMesa((line) => console.error(line));
}

/** Passes a signal on, and waits for what it does. */
function runNode(script: string, args: readonly string[], browser: string): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: projectRoot,
    stdio: 'inherit',
    env: { ...process.env, WGRAD_BROWSER: browser },
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  return signals.hold(
    'this check',
    (signal) => {
      child.kill(signal);
    },
    () => ended,
  );
}
