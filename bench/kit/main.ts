// The kit's one command: says everything about this machine's adapter that the engine wants to know, in one folder of results.
import { join } from 'node:path';
import { claimFolder } from '../../src/cli/folders/folder-lock.ts';
import { refuseOccupied } from '../../src/cli/folders/occupied.ts';
import { timedName } from '../../src/cli/folders/timed-name.ts';
import { makeProgress, type Progress } from '../../src/cli/progress.ts';
import { writeFileAtomicallySync } from '../../src/data/files/atomic-file.ts';
import { adapterName, type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { dawnVersion, openDawn } from '../../src/hosts/node/dawn.ts';
import { projectRoot, resolvePath } from '../../src/hosts/project-root.ts';
import { currentCommit, describeHost, load } from '../host.ts';
import { main as bench } from '../main.ts';
import { digits, durationEstimate, ratioEstimate } from '../report/format.ts';
import { checkKernels } from './checks.ts';
import { dispatchCosts, warmUp } from './costs.ts';
import { kitData } from './data.ts';
import { measureIndexChecks } from './index-checks.ts';
import { type KitOptions, parseKitOptions } from './options.ts';
import { describeProfile } from './profile.ts';
import { type TrainingRequest, type TrainingResult, trainOn } from './training.ts';

/** Squares whose products are timed, and say what checks of indices cost. */
const productSizes = ({ capabilities }: Gpu): readonly number[] =>
  capabilities.software ? [256] : [512, 1024, 2048, 4096];

const resultsFile = 'kit.json';

interface Measuring {
  readonly gpu: Gpu;
  readonly options: KitOptions;
  readonly progress: Progress;
  /** Adds to the results, and writes what there is: what is stopped keeps what it has. */
  keep(more: Readonly<Record<string, unknown>>): void;
}

/** Exit status: 1 where a kernel was wrong or a measurement broke. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseKitOptions(args);
  if (options === undefined) return 0;
  const { adapter, quick, out, parts } = options;
  const startedAt = new Date();
  const folder =
    out === undefined ? join(projectRoot, 'results', timedName('kit', startedAt)) : resolvePath(out);
  claimFolder(folder);
  refuseOccupied(folder);
  const progress = makeProgress('kit', 5000);
  const loadBefore = load();
  try {
    const gpu = await requestGpu(await openDawn({ adapter, log: progress.log }));
    progress.log(`adapter: ${adapterName(gpu.adapter)}`);
    const results: Record<string, unknown> = {
      format: 'wgrad-kit',
      version: 3,
      startedAt: startedAt.toISOString(),
      commit: currentCommit(),
      quick,
      dawn: dawnVersion(),
      adapter: gpu.adapter,
      adapterName: adapterName(gpu.adapter),
      capabilities: gpu.capabilities,
    };
    const keep = (more: Readonly<Record<string, unknown>>) => {
      Object.assign(results, more, { host: describeHost(loadBefore) });
      writeFileAtomicallySync(join(folder, resultsFile), `${JSON.stringify(results, null, 1)}\n`);
    };
    keep({});
    const measuring: Measuring = { gpu, options, progress, keep };
    let status = parts.includes('checks') && !(await check(measuring)) ? 1 : 0;
    if (parts.includes('costs')) await measureCosts(measuring);
    if (parts.includes('training') && !(await measureTraining(measuring))) status = 1;
    progress.stop();
    gpu.device.destroy();
    console.log(`results in ${folder}: ${resultsFile}`);
    for (const suite of ['kernels', 'train'] as const) {
      if (!parts.includes(suite)) continue;
      const named = adapter === undefined ? [] : ['--adapter', adapter];
      const own = ['--host', 'node', '--suite', suite, '--out', join(folder, suite), ...named];
      status = Math.max(status, await bench(own));
    }
    return status;
  } finally {
    progress.stop();
  }
}

/** Returns false where a kernel was wrong. */
async function check({ gpu, options, progress, keep }: Measuring): Promise<boolean> {
  const checks = await checkKernels(gpu, options.quick || gpu.capabilities.software, (done, total, name) =>
    progress.update(done, total, `checking ${name}`),
  );
  keep({ checks });
  console.log(`kernels: ${checks.passed} checks passed, ${checks.failed.length} failed`);
  for (const failure of checks.failed) console.log(failure);
  return checks.failed.length === 0;
}

async function measureCosts({ gpu, options: { adapter }, keep }: Measuring): Promise<void> {
  await warmUp(gpu);
  const dispatch = await dispatchCosts(gpu);
  keep({ dispatch });
  console.log(
    `a dispatch that waits for the one before: ${dispatch.dependentUs.toFixed(2)} us; recording one: ${dispatch.encodeUs.toFixed(2)} us; a submit until it is known to be done: ${dispatch.submitUs.toFixed(0)} us`,
  );
  const unchecked = await requestGpu(await openDawn({ adapter, enable: ['disable_robustness'] }));
  const products = [];
  for (const size of productSizes(gpu)) {
    const variants = await measureIndexChecks(gpu, unchecked, size);
    products.push({ size, variants });
    keep({ products });
    for (const [name, { checkedNs, share }] of Object.entries(variants)) {
      const gflops = (2 * size ** 3) / checkedNs.value;
      console.log(
        `product of ${size}: ${name.padEnd(22)} ${durationEstimate(checkedNs)}, ${digits(gflops)} GFLOP/s; without checks of indices ${ratioEstimate(share)} of that`,
      );
    }
  }
  unchecked.device.destroy();
}

/** Replicas of base; other nets are trained alone. */
const populations = [1, 5, 16, 64];

/** Time that measuring the variants of a plan may take, ms. */
const tuningMs = 20_000;

/** Steps of a run: base's own 9,000, of larger nets fewer; on software so many that it ends. */
function stepsOf(net: string, { capabilities }: Gpu, quick: boolean): number {
  const isBase = net === 'base';
  if (capabilities.software) return isBase ? 100 : 20;
  return quick ? (isBase ? 2000 : 200) : isBase ? 9000 : 1000;
}

/** Returns false where a net could not be trained: it is told, and the others are. */
async function measureTraining({ gpu, options, progress, keep }: Measuring): Promise<boolean> {
  const data = kitData(gpu, join(projectRoot, 'data', 'images.bin'));
  await warmUp(gpu);
  const training: TrainingResult[] = [];
  let isWhole = true;
  keep({ data: data.about });
  for (const request of trainingsOf(gpu, options)) {
    const { net, replicas, steps, tuneMs } = request;
    const how = `${net}, ${replicas} replicas, ${tuneMs === undefined ? 'defaults' : 'tuned'}`;
    progress.log(`training ${steps} steps of ${how}`);
    try {
      const run = await trainOn(gpu, data, request);
      training.push(run);
      keep({ training });
      console.log(
        `${how}: ${run.msPerStep.toFixed(3)} ms per step, loss ${run.losses.at(-1)?.toFixed(4)}, test accuracy ${run.testAccuracy.toFixed(4)}`,
      );
      for (const line of describeProfile(run.profile)) console.log(line);
    } catch (error) {
      gpu.check(); // A lost device ends everything.
      isWhole = false;
      console.log(`${how}: ${(error as Error).message}`);
    }
  }
  data.dataset.destroy();
  return isWhole;
}

/** Base alone and as populations, other nets alone, each with default and with tuned kernels; with `quick` alone and with defaults. */
const trainingsOf = (gpu: Gpu, { quick, nets }: KitOptions): TrainingRequest[] =>
  nets.flatMap(({ name: net, settings: of }) =>
    (quick || net !== 'base' ? [1] : populations).flatMap((replicas) =>
      (quick ? [undefined] : [undefined, tuningMs]).map((tuneMs) => ({
        net,
        of,
        replicas,
        steps: stepsOf(net, gpu, quick),
        ...(tuneMs !== undefined && { tuneMs }),
      })),
    ),
  );
