/** What the command and what measures (a page, or Node itself) say to each other. Plain data: it crosses as JSON. */
import type { AdapterDescription } from '../src/gpu/device.ts';
import type { MeasureSettings } from '../src/measure/measure.ts';
import type { Group, Skipped, StepProfile, SuiteName } from '../src/measure/schema.ts';
import type { SelfTest } from './page/self-test.ts';
import type { AskedNet } from './suites/nets.ts';

/** What the page found when it opened. */
export interface Opened {
  readonly adapter: AdapterDescription;
  readonly adapterName: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly timestamps: boolean;
}

/** Which groups to look for. */
export interface ListRequest {
  readonly suites: readonly SuiteName[];
  readonly quick: boolean;
  readonly forced: Readonly<Record<string, string>>;
  /** Only this net's kernels and steps. */
  readonly net?: AskedNet | undefined;
}

/** A group that could be measured. */
export interface ListedGroup {
  readonly suite: SuiteName;
  readonly id: string;
  readonly title: string;
  readonly rows: readonly string[];
  readonly skipped: readonly Skipped[];
}

export interface MeasureRequest {
  readonly suite: SuiteName;
  readonly id: string;
  readonly quick: boolean;
  readonly settings: MeasureSettings;
  readonly seed: number;
  /** Steps to profile and the time they may take. */
  readonly profile: { readonly steps: number; readonly budgetMs: number };
}

export interface MeasureResult {
  readonly group: Group;
  readonly profiles: readonly StepProfile[];
}

/** What measures; a page puts it on `window`. */
export interface BenchPage {
  open(): Promise<Opened>;
  list(request: ListRequest): Promise<readonly ListedGroup[]>;
  measure(request: MeasureRequest): Promise<MeasureResult>;
  selfTest(groups: number): Promise<SelfTest>;
  /** Ends the measurement in progress after the current round. */
  stop(): void;
}

declare global {
  interface Window {
    wgradBench: BenchPage;
    /** Given by Node. */
    wgradBenchRound(done: number, planned: number): Promise<void>;
  }
}
