// Measures which variant computes each op of a plan fastest on this adapter.
import { fnv1a } from '../data/random.ts';
import { clockFor, type GpuWork } from '../gpu/clock.ts';
import type { Gpu } from '../gpu/device.ts';
import { Quantum } from '../gpu/repeats.ts';
import { type KernelCall, prepare, replicasOf } from '../kernels/call.ts';
import { dispatchWork } from '../kernels/dispatch-work.ts';
import { kernels } from '../kernels/index.ts';
import { hopelessness, refusal, shapeText } from '../kernels/kernel.ts';
import { defaultChoice, type VariantChoice } from '../kernels/variant-choice.ts';
import { type TunedOp, timeVariants } from './variant-timing.ts';

/** Measured choices by op, shape and replicas; valid for one adapter, browser and set of shaders. */
export interface Tuning {
  /** Says for what: `tuningKey`. */
  readonly key: string;
  readonly ops: Readonly<Record<string, TunedOp>>;
}

/** `matmul-forward M=100 N=52 K=52 R=1`: what a measurement is for. */
export const tunedOpName = (op: string, shape: Readonly<Record<string, number>>, replicas: number): string =>
  `${op} ${shapeText(shape)} R=${replicas}`;

/**
 * What measurements depend on: a choice is never trusted for another adapter, browser version or shader text. Headless Chrome is the Chrome
 * that shows pages: what one measured serves the other.
 */
export function tuningKey(gpu: Gpu, browser: string): string {
  const { vendor, architecture, device, description } = gpu.adapter;
  const shaders = kernels.flatMap(({ variants }) => variants.map(({ name, source }) => `${name}\n${source}`));
  const runner = browser.replace('HeadlessChrome', 'Chrome');
  return [vendor, architecture, device, description, runner, fnv1a(shaders.join('\n')).toString(16)].join(
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
  /** Told at the end how many ops the budget did not reach, of how many that were to be measured. */
  readonly onLeft?: (left: number, total: number) => void;
  /** Ends it after the op that is being measured. */
  readonly signal?: AbortSignal;
}

/** Naive variants are measured for small ops only: for large ones they take seconds, which an operating system takes for a hang. */
const naiveFlops = 4e6;
/**
 * Time of one measurement: a dispatch is repeated to fill it, but on a software adapter only as often as the clock needs. There a step is
 * bound by fetching code that it runs once, which a repeated dispatch finds in the instruction cache.
 */
const sampleNs = 1.5e6;

/**
 * Measures the variants of every op of `calls` that `known` does not have, and returns both. The calls' buffers are
 * written to: tune before they hold anything. What the clock cannot time keeps its default.
 */
export async function tune(
  gpu: Gpu,
  calls: readonly KernelCall[],
  known: Tuning,
  { budgetMs = 8000, skip = () => false, onProgress, onLeft, signal }: TuneOptions = {},
): Promise<Tuning> {
  const ops: Record<string, TunedOp> = { ...known.ops };
  const wanted = new Map<string, KernelCall>();
  for (const call of calls) {
    const name = tunedOpName(call.kernel.op, call.shape, replicasOf(call));
    if (!(name in ops) && candidates(gpu, call).length > 1 && !skip(call.kernel.op)) wanted.set(name, call);
  }
  const deadline = performance.now() + budgetMs;
  const quantum = new Quantum();
  const isOver = () => performance.now() > deadline;
  let done = 0;
  // The costliest first: they are worth the budget most.
  const byCost = [...wanted].sort(
    ([, a], [, b]) => b.kernel.cost(b.shape).flops - a.kernel.cost(a.shape).flops,
  );
  for (const [name, call] of byCost) {
    if (isOver() || signal?.aborted) break;
    onProgress?.(done, wanted.size, name);
    const tuned = await tuneOp(gpu, call, quantum, isOver);
    if (tuned !== undefined) ops[name] = tuned;
    // What the clock cannot time is done with; what the budget cut short is not.
    if (tuned !== undefined || !isOver()) done++;
  }
  onLeft?.(wanted.size - done, wanted.size);
  return { key: known.key, ops };
}

/** Names of the variants worth measuring. */
function candidates({ capabilities }: Gpu, { kernel, shape }: KernelCall): string[] {
  const runnable = kernel.variants.filter(
    (variant) => hopelessness(variant, shape, capabilities) === undefined,
  );
  const large = kernel.cost(shape).flops > naiveFlops && runnable.length > 1;
  return runnable.map(({ name }) => name).filter((name) => !large || name !== 'naive');
}

async function tuneOp(
  gpu: Gpu,
  call: KernelCall,
  quantum: Quantum,
  isOver: () => boolean,
): Promise<TunedOp | undefined> {
  const { capabilities } = gpu;
  const place = { label: call.label, replicas: replicasOf(call) };
  const usual = defaultChoice(call.kernel, call.shape, capabilities, place).name;
  const variants = candidates(gpu, call).sort((a, b) => Number(b === usual) - Number(a === usual));
  const compiled = await Promise.allSettled(
    variants.map(async (name): Promise<GpuWork> => {
      const only: VariantChoice = (kernel) => kernel.variants.find((variant) => variant.name === name)!;
      return dispatchWork(await prepare(gpu, only, call));
    }),
  );
  gpu.check();
  // What a driver does not compile is not in the running.
  const works = compiled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (works.length === 0) return undefined;
  const clock = clockFor(gpu, works, false);
  try {
    return await timeVariants({
      clock,
      quantum,
      variants: variants.filter((_, i) => compiled[i]!.status === 'fulfilled'),
      sampleNs: capabilities.software ? 0 : sampleNs,
      isOver,
    });
  } finally {
    clock.destroy();
  }
}
