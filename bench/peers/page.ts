// The peers alone, without the harness: agreement with the reference.

import { describeComparison } from '../../src/reference/tolerance.ts';
import { agrees, matmulTruth, type Truth, truthOf } from './agree.ts';
import { type ConvOpOptions, convOpTruth, makeConvOp } from './conv-op.ts';
import { type ConvWork, type ConvWorkOptions, makeConvWork } from './conv-work.ts';
import type { Peer, PeerKernel } from './peer.ts';
import { peers } from './peers.ts';
import { makeWork, type StepWork, type WorkOptions } from './work.ts';

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
      checkNet(options: ConvWorkOptions, steps: number): Promise<PeerOutcome[]>;
      checkConvOp(options: ConvOpOptions): Promise<PeerOutcome[]>;
      checkMatmul(M: number, N: number, K: number): Promise<PeerOutcome[]>;
    };
  }
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Makes every peer's step and compares it with the truth. */
async function checkSteps(
  work: StepWork | ConvWork,
  truth: Truth,
  only?: readonly string[],
): Promise<PeerOutcome[]> {
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
      const step = await ('inputs' in work ? peer.makeStep(work) : peer.makeConvStep(work));
      const { ok, text, worstRatio } = await agrees(step, truth);
      outcomes.push({ name, version, how: peer.describe(), ok, text, worstRatio });
      await step.dispose();
    } catch (error) {
      outcomes.push({ name, version, how: peer.describe(), ok: false, text: message(error) });
    }
  }
  return outcomes;
}

/** What every peer's kernel gives; the second run must give it too. */
async function checkKernels(
  make: (peer: Peer) => Promise<PeerKernel>,
  compare: (result: Float32Array) => Pick<PeerOutcome, 'ok' | 'text' | 'worstRatio'>,
  refuses: (peer: Peer) => string | undefined = () => undefined,
): Promise<PeerOutcome[]> {
  const outcomes: PeerOutcome[] = [];
  for (const peer of peers) {
    const { name, version } = peer;
    const reason = (await peer.available()) ?? refuses(peer);
    if (reason !== undefined) {
      outcomes.push({ name, version, reason });
      continue;
    }
    try {
      const kernel = await make(peer);
      await kernel.run(1);
      await kernel.run(3);
      outcomes.push({ name, version, how: peer.describe(), ...compare(await kernel.result()) });
      await kernel.dispose();
    } catch (error) {
      outcomes.push({ name, version, how: peer.describe(), ok: false, text: message(error) });
    }
  }
  return outcomes;
}

window.wgradPeers = {
  checkMatmul(M, N, K) {
    const { a, b, compare } = matmulTruth(M, N, K);
    return checkKernels((peer) => peer.makeMatmul(a, b, M, N, K), compare);
  },
  checkConvOp(options) {
    const op = makeConvOp(options);
    const compare = convOpTruth(op);
    return checkKernels(
      (peer) => peer.makeConvOp(op),
      (result) => {
        const comparison = compare(result);
        return { ok: comparison.ok, text: describeComparison(comparison) };
      },
      (peer) => peer.refuses?.(op),
    );
  },
  check(options, steps, only) {
    const work = makeWork(options);
    return checkSteps(work, truthOf(work, steps), only);
  },
  checkNet(options, steps) {
    const work = makeConvWork(options);
    return checkSteps(work, truthOf(work, steps, 2));
  },
};
