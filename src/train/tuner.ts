// Measures which variant computes each op of a plan fastest on this adapter.
import { fnv1a } from '../data/random.ts';
import type { Gpu } from '../gpu/device.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import { StampReader } from '../gpu/timestamps.ts';
import { type Dispatch, encode, type KernelCall, prepare, replicasOf } from '../kernels/call.ts';
import { kernels } from '../kernels/index.ts';
import { refusal, shapeText } from '../kernels/kernel.ts';
import { defaultChoice, type VariantChoice } from '../kernels/variant-choice.ts';

/** What was measured for one op and shape. */
export interface TunedOp {
  /** The fastest variant. */
  readonly variant: string;
  /** Median time of a dispatch, microseconds, by variant. Those that were far slower were measured once. */
  readonly us: Readonly<Record<string, number>>;
}

/** Measured choices by op, shape and replicas; valid for one adapter, browser and set of shaders. */
export interface Tuning {
  /** Says for what: `tuningKey`. */
  readonly key: string;
  readonly ops: Readonly<Record<string, TunedOp>>;
}

/** `matmul-forward M=100 N=52 K=52 R=1`: what a measurement is for. */
export const tunedOpName = (op: string, shape: Readonly<Record<string, number>>, replicas: number): string =>
  `${op} ${shapeText(shape)} R=${replicas}`;

/** What measurements depend on: a choice is never trusted for another adapter, browser version or shader text. */
export function tuningKey(gpu: Gpu, browser: string): string {
  const { vendor, architecture, device, description } = gpu.adapter;
  const shaders = kernels.flatMap(({ variants }) => variants.map(({ name, source }) => `${name}\n${source}`));
  return [vendor, architecture, device, description, browser, fnv1a(shaders.join('\n')).toString(16)].join(
    ' | ',
  );
}

/** The measured variants; what was not measured is left to `otherwise`. */
export function tunedChoice(tuning: Tuning, otherwise: VariantChoice = defaultChoice): VariantChoice {
  return (kernel, shape, capabilities, place) => {
    const tuned = tuning.ops[tunedOpName(kernel.op, shape, place.replicas)];
    const variant = kernel.variants.find(({ name }) => name === tuned?.variant);
    if (variant === undefined || refusal(variant, shape, capabilities) !== undefined) {
      return otherwise(kernel, shape, capabilities, place);
    }
    return variant;
  };
}

export interface TuneOptions {
  /** Time for all measurements together, ms. What is not reached keeps its default. */
  readonly budgetMs?: number;
  /** Ops that need no measurement: forced by the user. */
  readonly skip?: (op: string) => boolean;
  readonly onProgress?: (done: number, total: number, op: string) => void;
  /** Ends it after the op that is being measured. */
  readonly signal?: AbortSignal;
}

/** A variant must be this much faster than the default to replace it: noise must not change bits. */
const leastGain = 0.03;
/** A variant that takes this many times the fastest so far is not measured again. */
const hopeless = 1.5;
/** Measurements of a variant that is in the running. */
const rounds = 11;
/** Naive variants are measured for small ops only: for large ones they take seconds, which an operating system takes for a hang. */
const naiveFlops = 4e6;
/**
 * Time of one measurement: a dispatch is repeated to fill it, but not on a software adapter. There a step is bound by fetching
 * code that it runs once, which a repeated dispatch finds in the instruction cache.
 */
const sampleNs = 1.5e6;

/**
 * Measures the variants of every op of `calls` that `known` does not have, and returns both. The calls' buffers are
 * written to: tune before they hold anything.
 */
export async function tune(
  gpu: Gpu,
  pipelines: PipelineCache,
  calls: readonly KernelCall[],
  known: Tuning,
  { budgetMs = 8000, skip = () => false, onProgress, signal }: TuneOptions = {},
): Promise<Tuning> {
  const ops: Record<string, TunedOp> = { ...known.ops };
  const wanted = new Map<string, KernelCall>();
  for (const call of calls) {
    const name = tunedOpName(call.kernel.op, call.shape, replicasOf(call));
    if (!(name in ops) && candidates(gpu, call).length > 1 && !skip(call.kernel.op)) wanted.set(name, call);
  }
  const deadline = performance.now() + budgetMs;
  const clock = makeClock(gpu);
  let done = 0;
  // The costliest first: they are worth the budget most.
  const byCost = [...wanted].sort(
    ([, a], [, b]) => b.kernel.cost(b.shape).flops - a.kernel.cost(a.shape).flops,
  );
  for (const [name, call] of byCost) {
    if (performance.now() > deadline || signal?.aborted) break;
    onProgress?.(done++, wanted.size, name);
    ops[name] = await tuneOp(gpu, pipelines, call, clock);
  }
  clock.destroy();
  return { key: known.key, ops };
}

/** Names of the variants worth measuring. */
function candidates({ capabilities }: Gpu, { kernel, shape }: KernelCall): string[] {
  const runnable = kernel.variants.filter(
    (variant) =>
      (capabilities.software || variant.softwareOnly !== true) &&
      refusal(variant, shape, capabilities) === undefined,
  );
  const large = kernel.cost(shape).flops > naiveFlops && runnable.length > 1;
  return runnable.map(({ name }) => name).filter((name) => !large || name !== 'naive');
}

async function tuneOp(gpu: Gpu, pipelines: PipelineCache, call: KernelCall, clock: Clock): Promise<TunedOp> {
  const { capabilities } = gpu;
  const place = { label: call.label, replicas: replicasOf(call) };
  const usual = defaultChoice(call.kernel, call.shape, capabilities, place).name;
  // The default first: it says what is hopeless.
  const names = candidates(gpu, call).sort((a, b) => Number(b === usual) - Number(a === usual));
  const samples = new Map<string, number[]>();
  const dispatches = new Map<string, Dispatch>();
  let best = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const only: VariantChoice = (kernel) => kernel.variants.find((variant) => variant.name === name)!;
    const dispatch = await prepare(gpu, pipelines, only, call);
    await clock.time(dispatch, 1); // Warm-up: the first run of a pipeline may compile.
    const ns = await clock.time(dispatch, 1);
    samples.set(name, [ns]);
    if (ns < hopeless * best) dispatches.set(name, dispatch);
    best = Math.min(best, ns);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, dispatch] of dispatches) {
      const first = samples.get(name)![0]!;
      if (first > hopeless * best) continue;
      const repeats = capabilities.software ? 1 : Math.max(1, Math.min(64, Math.floor(sampleNs / first)));
      samples.get(name)!.push(await clock.time(dispatch, repeats));
    }
  }
  const medians = [...samples].map(
    ([name, all]) => [name, median(all.length > 1 ? all.slice(1) : all)] as const,
  );
  const usualNs = medians.find(([name]) => name === usual)?.[1] ?? Number.POSITIVE_INFINITY;
  const [fastest, ns] = medians.reduce((a, b) => (b[1] < a[1] ? b : a));
  return {
    variant: ns < (1 - leastGain) * usualNs ? fastest : usual,
    us: Object.fromEntries(medians.map(([name, time]) => [name, Math.round(time / 10) / 100])),
  };
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};

interface Clock {
  /** Nanoseconds of one dispatch, of `repeats` in a pass. */
  time(dispatch: Dispatch, repeats: number): Promise<number>;
  destroy(): void;
}

/** GPU timestamps, or the wall clock where there are none. */
function makeClock(gpu: Gpu): Clock {
  const { device } = gpu;
  const reader = gpu.timestamps ? new StampReader(gpu, 2) : undefined;
  return {
    async time(dispatch, repeats) {
      const encoder = device.createCommandEncoder({ label: 'tuning' });
      const pass = encoder.beginComputePass({
        label: 'tuning',
        ...(reader && {
          timestampWrites: {
            querySet: reader.querySet,
            beginningOfPassWriteIndex: 0,
            endOfPassWriteIndex: 1,
          },
        }),
      });
      for (let i = 0; i < repeats; i++) encode(pass, dispatch);
      pass.end();
      reader?.encodeResolve(encoder, 2);
      const startedAt = performance.now();
      device.queue.submit([encoder.finish()]);
      if (reader !== undefined) {
        const [begin = 0, end = 0] = await reader.read(2);
        return Math.max(1, end - begin) / repeats;
      }
      await device.queue.onSubmittedWorkDone();
      gpu.check();
      return (1e6 * (performance.now() - startedAt)) / repeats;
    },
    destroy: () => reader?.destroy(),
  };
}
