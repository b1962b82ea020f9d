import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../src/hosts/project-root.ts';

/** Runs a process that stops 700 ms after it is asked to, and sends it signals at these times, ms. */
async function outcomeOf(...signalsAtMs: readonly number[]) {
  const script = `
    import { createServer } from 'vite';
    const loader = await createServer({ configFile: false, appType: 'custom', logLevel: 'error', server: { middlewareMode: true, hmr: false, ws: false, watch: null } });
    const { stopOnSignals } = await loader.ssrLoadModule('/src/cli/stop-on-signals.ts');
    const done = new Promise((resolve) => {
      const stop = stopOnSignals(async () => { setTimeout(resolve, 900); }, () => {}, 'this');
    });
    const alive = setInterval(() => {}, 1000);
    console.log('ready');
    await done;
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: projectRoot });
  await once(child.stdout, 'data');
  for (const ms of signalsAtMs) setTimeout(() => child.kill('SIGINT'), ms);
  const [status] = await once(child, 'exit');
  return status as number;
}

test('one Ctrl-C that arrives twice, as through npm, stops in order; a second one leaves at once', async () => {
  const [once, doubled, twice] = await Promise.all([outcomeOf(0), outcomeOf(0, 5), outcomeOf(0, 600)]);
  expect(once).toBe(0);
  expect(doubled).toBe(0);
  expect(twice).toBe(130);
});
