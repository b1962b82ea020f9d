/** What the harness asks of a framework: ours and its peers, in the same Chrome, on the same adapter, the same work. */
import type { ConvOp } from './conv-op.ts';
import type { ConvWork } from './conv-work.ts';
import type { StepWork } from './work.ts';

/** A training step of a peer, written as its users would write it well. */
export interface PeerStep {
  /** Runs n steps; resolves when all their results exist: a value that depends on the last update has been read. */
  run(steps: number): Promise<void>;
  /** Mean cross-entropy of the last step's batch, before its update and without the L2 term. */
  loss(): Promise<number>;
  /** Parameters and running statistics by PyTorch name, in PyTorch's layout. */
  parameters(): Promise<Record<string, Float32Array>>;
  dispose(): Promise<void>;
}

/** A product whose operands are already on the peer's device. */
export interface PeerKernel {
  /** Computes it `times` times; resolves when the last result exists. */
  run(times: number): Promise<void>;
  /** Of the last run, in the order in which the operands were given. */
  result(): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** A framework on one of its backends. */
export interface Peer {
  /** `tfjs-webgpu`: stable, names rows of reports. */
  readonly name: string;
  readonly version: string;
  /**
   * Starts the backend where it is not yet running.
   * @returns why it cannot run here; undefined where it can
   */
  available(): Promise<string | undefined>;
  /** How it runs here, known after `available`: threads, SIMD, adapter. */
  describe(): string;
  /** Why it cannot do this work; undefined where it can. Without this method: any work. */
  refuses?(work: StepWork | ConvWork | ConvOp): string | undefined;
  makeStep(work: StepWork): Promise<PeerStep>;
  /** A step of a convolutional net. */
  makeConvStep(work: ConvWork): Promise<PeerStep>;
  /** c(M,N) = a(M,K) · b(K,N) */
  makeMatmul(a: Float32Array, b: Float32Array, M: number, N: number, K: number): Promise<PeerKernel>;
  makeConvOp(op: ConvOp): Promise<PeerKernel>;
}
