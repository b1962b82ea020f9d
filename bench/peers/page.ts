// The peers alone, without the harness: agreement with the reference.
import { agrees, matmulTruth, type Truth, truthOf } from './agree.ts';
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

declare global {
  interface Window {
    wgradPeers: {
      check(options: WorkOptions, steps: number, only?: readonly string[]): Promise<PeerOutcome[]>;
      checkMatmul(M: number, N: number, K: number): Promise<PeerOutcome[]>;
    };
  }
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Makes every peer's step and compares it with the truth. */
async function checkSteps(
  options: WorkOptions,
  truth: Truth,
  only: readonly string[] | undefined,
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
      await step.dispose();
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

window.wgradPeers = {
  checkMatmul,
  check: (options, steps, only) => checkSteps(options, truthOf(makeWork(options), steps), only),
};
