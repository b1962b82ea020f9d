import type { RunRecord } from '../../model/run-record.ts';
import type { RunDifference } from './run-statistics.ts';

/** What the table of runs shows, and what can be done with a run. */
export interface RunsContext {
  readonly isBusy: boolean;
  readonly isMeasuring: boolean;
  /** Bytes to download before a run can go on. */
  readonly missing: number;
  readonly shown: readonly RunRecord[];
  readonly baseline: RunRecord | undefined;
  readonly differences: ReadonlyMap<string, RunDifference>;
  readonly overlay: ReadonlySet<string>;
  /** Colour and dash, as in the chart. */
  readonly styleOf: (run: RunRecord) => number;
  readonly toggle: (id: string) => void;
  readonly setBaseline: (id: string) => void;
  readonly rename: (run: RunRecord, name: string) => void;
  readonly pin: (run: RunRecord) => void;
  readonly goOn: (run: RunRecord) => void;
  readonly toForm: (run: RunRecord) => void;
  readonly saveRun: (run: RunRecord) => void;
  readonly saveWeights: (run: RunRecord) => void;
  readonly remove: (run: RunRecord) => void;
}
