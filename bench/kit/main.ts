// The kit's one command: says everything about this machine's adapter that the engine wants to know, in one folder of results.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { timedName } from '../../src/cli/folders/timed-name.ts';
import { makeCommand, parse } from '../../src/cli/options/command.ts';
import { makeProgress, type Progress } from '../../src/cli/progress.ts';
import { writeFileAtomicallySync } from '../../src/data/files/atomic-file.ts';
import { adapterName, type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { dawnVersion, openDawn } from '../../src/hosts/node/dawn.ts';
import { projectRoot, resolvePath } from '../../src/hosts/project-root.ts';
import { currentCommit, describeHost, load } from '../host.ts';
import { main as bench } from '../main.ts';
import { checkKernels } from './checks.ts';
import { dispatchCosts, productMs } from './costs.ts';
import { kitData } from './data.ts';
import { type TrainingResult, trainOn } from './training.ts';

const about = `
Runs on a bare Node (20.19 or newer) without a network: checks every kernel against float64, measures what a dispatch costs and what
Dawn's checks of indices cost, trains the base net alone and as populations, and times kernels and steps. One folder holds all results:
kit.json, kernels/ and train/ as npm run bench writes them.`;

/** Squares whose products say what checks of indices cost. */
const productSize = (gpu: Gpu): number => (gpu.capabilities.software ? 256 : 2048);

/** Exit status: 1 where a kernel was wrong or a measurement broke. */
export async function main(args: readonly string[]): Promise<number> {
  const command = parse(
    makeCommand('kit', 'Measures this machine for wgrad.')
      .option('--adapter <name>', 'adapter by its name (a wrong name lists them)')
      .option('--quick', 'fewer shapes, shorter runs, no benches: a few minutes')
      .option('--out <dir>', 'folder of the results (default: results/<time>)')
      .addHelpText('after', about),
    args,
  );
  if (command === undefined) return 0;
  const { adapter, quick = false, out } = command.opts<{ adapter?: string; quick?: boolean; out?: string }>();
  const startedAt = new Date();
  const folder =
    out === undefined ? join(projectRoot, 'results', timedName('kit', startedAt)) : resolvePath(out);
  const progress = makeProgress('kit', 5000);
  const loadBefore = load();
  try {
    const gpu = await requestGpu(await openDawn({ adapter, log: progress.log }));
    progress.log(`adapter: ${adapterName(gpu.adapter)}`);
    mkdirSync(folder, { recursive: true });
    const results: Record<string, unknown> = {
      format: 'wgrad-kit',
      version: 1,
      startedAt: startedAt.toISOString(),
      commit: currentCommit(),
      quick,
      dawn: dawnVersion(),
      adapter: gpu.adapter,
      adapterName: adapterName(gpu.adapter),
      capabilities: gpu.capabilities,
    };
    // Written after each part: what is stopped keeps what it has.
    const keep = () => {
      results.host = describeHost(loadBefore);
      writeFileAtomicallySync(join(folder, 'kit.json'), `${JSON.stringify(results, null, 1)}\n`);
    };
    const isRight = await measure(gpu, { adapter, quick, results, progress, keep });
    progress.stop();
    console.log(`results in ${folder}: kit.json`);
    let status = isRight ? 0 : 1;
    for (const suite of quick ? [] : ['kernels', 'train']) {
      const named = adapter === undefined ? [] : ['--adapter', adapter];
      const own = ['--host', 'node', '--suite', suite, '--out', join(folder, suite), ...named];
      status = Math.max(status, await bench(own));
    }
    return status;
  } finally {
    progress.stop();
  }
}

interface Measuring {
  readonly adapter: string | undefined;
  readonly quick: boolean;
  /** Grows part by part. */
  readonly results: Record<string, unknown>;
  readonly progress: Progress;
  /** Writes what there is. */
  keep(): void;
}

/** Returns false where a kernel was wrong. */
async function measure(gpu: Gpu, { adapter, quick, results, progress, keep }: Measuring): Promise<boolean> {
  const checks = await checkKernels(gpu, quick || gpu.capabilities.software, (done, total, name) =>
    progress.update(done, total, `checking ${name}`),
  );
  results.checks = checks;
  keep();
  console.log(`kernels: ${checks.passed} checks passed, ${checks.failed.length} failed`);
  for (const failure of checks.failed) console.log(failure);

  const costs = await dispatchCosts(gpu);
  results.dispatch = costs;
  console.log(
    `a dispatch that waits for the one before: ${costs.dependentUs.toFixed(2)} us; recording one: ${costs.encodeUs.toFixed(2)} us; a submit until it is known to be done: ${costs.submitUs.toFixed(0)} us`,
  );

  const size = productSize(gpu);
  const unchecked = await requestGpu(await openDawn({ adapter, enable: ['disable_robustness'] }));
  const products = {
    size,
    checkedMs: await productMs(gpu, size),
    uncheckedMs: await productMs(unchecked, size),
  };
  unchecked.device.destroy();
  results.products = products;
  keep();
  for (const [name, ms] of Object.entries(products.checkedMs)) {
    const gflops = (2 * size ** 3) / ms / 1e6;
    const share = (products.uncheckedMs[name] ?? Number.NaN) / ms;
    console.log(
      `product of ${size}: ${name.padEnd(22)} ${ms.toFixed(3)} ms, ${gflops.toPrecision(3)} GFLOP/s; without checks of indices ${share.toFixed(2)} of that`,
    );
  }

  const data = kitData(gpu, join(projectRoot, 'data', 'images.bin'));
  const steps = quick || gpu.capabilities.software ? 100 : 9000;
  const runs: TrainingResult[] = [];
  results.data = data.about;
  results.training = runs;
  for (const replicas of quick ? [1] : [1, 5, 16, 64]) {
    for (const tuneMs of quick ? [undefined] : [undefined, 20_000]) {
      progress.log(
        `training ${steps} steps, ${replicas} replicas, ${tuneMs === undefined ? 'defaults' : 'tuned'}`,
      );
      const run = await trainOn(gpu, data, { replicas, steps, ...(tuneMs !== undefined && { tuneMs }) });
      runs.push(run);
      keep();
      console.log(
        `base net, ${replicas} replicas, ${run.tuned ? 'tuned' : 'defaults'}: ${run.msPerStep.toFixed(3)} ms per step, loss ${run.losses.at(-1)?.toFixed(4)}, test accuracy ${run.testAccuracy.toFixed(4)}`,
      );
    }
  }
  data.dataset.destroy();
  return checks.failed.length === 0;
}
