// The peers alone, without the harness: agreement with the reference, and a quick interleaved timing.
import { agrees, matmulTruth, type Truth, truthOf } from './agree.ts';
import type { PeerStep } from './peer.ts';
import { peers } from './peers.ts';
import { makeWork, type WorkOptions } from './work.ts';

/** One peer's outcome. */
export interface PeerOutcome {
  readonly name: string;
  readonly version: string;
  /** How it runs here; absent where it cannot. */
  readonly how?: string;
  /** Why it was not compared. */
  readonly reason?: string;
  readonly ok?: boolean;
  readonly text?: string;
  readonly worstRatio?: number;
}

/** Wall time of the rounds, ms per step. */
export interface PeerTimes {
  readonly outcomes: readonly PeerOutcome[];
  readonly msPerStep: Readonly<Record<string, readonly number[]>>;
}

export interface TimeOptions {
  readonly rounds: number;
  /** About how long one peer runs in one round. */
  readonly roundMs: number;
  /** Names; default: all. */
  readonly only?: readonly string[];
}

declare global {
  interface Window {
    wgradPeers: {
      check(options: WorkOptions, steps: number, only?: readonly string[]): Promise<PeerOutcome[]>;
      checkMatmul(M: number, N: number, K: number): Promise<PeerOutcome[]>;
      time(options: WorkOptions, how: TimeOptions): Promise<PeerTimes>;
    };
  }
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Makes every peer's step, compares a first one with the truth, and hands those that agree to `use`. */
async function eachPeer(
  options: WorkOptions,
  truth: Truth,
  only: readonly string[] | undefined,
  use?: (name: string, step: PeerStep) => void,
): Promise<PeerOutcome[]> {
  const work = makeWork(options);
  const outcomes: PeerOutcome[] = [];
  for (const peer of peers) {
    if (only !== undefined && !only.includes(peer.name)) continue;
    const { name, version } = peer;
    const reason = (await peer.available()) ?? peer.refuses?.(work);
    if (reason !== undefined) {
      outcomes.push({ name, version, reason });
      continue;
    }
    try {
      const step = await peer.makeStep(work);
      const { ok, text, worstRatio } = await agrees(step, truth);
      outcomes.push({ name, version, how: peer.describe(), ok, text, worstRatio });
      if (ok && use !== undefined) use(name, step);
      else await step.dispose();
    } catch (error) {
      outcomes.push({ name, version, how: peer.describe(), ok: false, text: message(error) });
    }
  }
  return outcomes;
}

/** Every peer's product of random matrices against the reference; the second run must give it too. */
async function checkMatmul(M: number, N: number, K: number): Promise<PeerOutcome[]> {
  const { a, b, compare } = matmulTruth(M, N, K);
  const outcomes: PeerOutcome[] = [];
  for (const peer of peers) {
    const { name, version } = peer;
    const reason = await peer.available();
    if (reason !== undefined) {
      outcomes.push({ name, version, reason });
      continue;
    }
    try {
      const matmul = await peer.makeMatmul(a, b, M, N, K);
      await matmul.run(1);
      await matmul.run(3);
      outcomes.push({ name, version, how: peer.describe(), ...compare(await matmul.result()) });
      await matmul.dispose();
    } catch (error) {
      outcomes.push({ name, version, how: peer.describe(), ok: false, text: message(error) });
    }
  }
  return outcomes;
}

async function timed(step: PeerStep, steps: number): Promise<number> {
  const start = performance.now();
  await step.run(steps);
  return (performance.now() - start) / steps;
}

window.wgradPeers = {
  checkMatmul,
  check: (options, steps, only) => eachPeer(options, truthOf(makeWork(options), steps), only),
  async time(options, { rounds, roundMs, only }) {
    const steps = new Map<string, { step: PeerStep; count: number; ms: number[] }>();
    const truth = truthOf(makeWork(options));
    const outcomes = await eachPeer(options, truth, only, (name, step) =>
      steps.set(name, { step, count: 1, ms: [] }),
    );
    for (const entry of steps.values()) {
      await timed(entry.step, 3);
      entry.count = Math.max(1, Math.round(roundMs / (await timed(entry.step, 2))));
      await timed(entry.step, entry.count);
    }
    for (let round = 0; round < rounds; round++) {
      const order = [...steps.values()];
      // A new random order in each round: neither drift nor a neighbour's heat favours anybody.
      for (let i = order.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      for (const entry of order) entry.ms.push(await timed(entry.step, entry.count));
    }
    const msPerStep = Object.fromEntries([...steps].map(([name, { ms }]) => [name, ms]));
    for (const { step } of steps.values()) await step.dispose();
    return { outcomes, msPerStep };
  },
};
