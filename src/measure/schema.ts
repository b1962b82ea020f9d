/**
 * The JSON file of a run: raw samples and where they come from. Everything that reports say is computed from it again
 * (bench/analysis.ts), so that an old file can be compared with a new run. described in bench/README.md.
 */
import type { AdapterDescription } from '../gpu/device.ts';

export const formatName = 'wgrad-bench';
export const formatVersion = 1;

/** `peaks` is the adapter's own speed, measured before everything else; the rows of `start` are the parts of a command, those of `page` trainings. */
export type SuiteName = 'peaks' | 'kernels' | 'train' | 'peers' | 'start' | 'page';

/** What was measured, where, with which code. */
export interface Header {
  readonly startedAt: string;
  readonly elapsedMs: number;
  /** False after Ctrl-C: what is there is whole, the rest is missing. */
  readonly complete: boolean;
  /** Arguments of `npm run bench`. */
  readonly args: readonly string[];
  readonly seed: number;
  readonly quick: boolean;
  /** Git commit; `+` behind it: with changes that are not committed. Null without git. */
  readonly commit: string | null;
  readonly host: Host;
  readonly browser: string;
  readonly adapter: AdapterDescription;
  readonly adapterName: string;
  readonly limits: Readonly<Record<string, number>>;
  /** GPU timestamps were available. */
  readonly timestamps: boolean;
}

export interface Host {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
  /** Load average of the last minute, before and after. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Work of one repetition, all replicas: what rooflines are made of. */
export interface Work {
  readonly flops: number;
  /** Least bytes: every operand once. */
  readonly bytes: number;
}

/** How a row was found right before it was timed. */
export interface Validation {
  readonly ok: boolean;
  /** `float64 reference, largest error 0.12 of its bound`. */
  readonly how: string;
}

/** One way to do a group's work. */
export interface Row {
  readonly name: string;
  /** What the engine chooses on this adapter without measurements. */
  readonly isDefault: boolean;
  readonly validation: Validation;
  readonly work: Work;
  /** Repetitions inside one sample. */
  readonly repeats: number;
  /** The row takes part in every so-many-th round: more than 1 where it is very slow. */
  readonly stride: number;
  /** Time of one repetition, ns, round by round, warm-up included; null where the row sat a round out. */
  readonly samplesNs: readonly (number | null)[];
  /** The same by the wall clock, from submit to done, where that was taken beside GPU timestamps. */
  readonly wallNs?: readonly (number | null)[];
  /** Dispatches of one repetition. */
  readonly dispatches: number;
}

/** A variant that was not timed, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

/** Rows that are compared with each other: the same work in the same rounds. */
export interface Group {
  readonly suite: SuiteName;
  /** Unique in a file, the same in every run: `matmul-forward M=100 N=52 K=3072 R=1`. */
  readonly id: string;
  /** Op of a kernel group, `step` of a train group. */
  readonly op: string;
  readonly title: string;
  /** Where nets use it: `50-50 layers.0 forward`. */
  readonly usedBy: readonly string[];
  /** `gpu`: timestamps around the pass. `wall`: from submit to done. */
  readonly clock: 'gpu' | 'wall';
  /** Rounds at the start that count as warm-up. */
  readonly warmupRounds: number;
  readonly rows: readonly Row[];
  /** Of each round, ns: the same small arithmetic kernel in every group of every run. How fast the machine was just then. */
  readonly controlNs?: readonly (number | null)[];
  /** Time that the group took with all that is not timed: compiling, checking. */
  readonly elapsedMs?: number;
  readonly skipped: readonly Skipped[];
}

/** One dispatch of a step. */
export interface ProfiledDispatch {
  readonly label: string;
  readonly op: string;
  readonly variant: string;
  readonly shape: string;
  readonly work: Work;
  /** Of each profiled step, ns from the start of the step. */
  readonly startNs: readonly number[];
  readonly durationNs: readonly number[];
}

/** A step, dispatch by dispatch, each in a pass of its own. */
export interface StepProfile {
  /** Id of the train group. */
  readonly group: string;
  readonly row: string;
  readonly dispatches: readonly ProfiledDispatch[];
}

export interface BenchFile {
  readonly format: typeof formatName;
  readonly version: typeof formatVersion;
  readonly header: Header;
  readonly groups: readonly Group[];
  readonly profiles: readonly StepProfile[];
}

/**
 * Parses a file and checks that it is one.
 * @throws Error saying what is wrong with it
 */
export function parseBenchFile(json: string): BenchFile {
  let value: Partial<BenchFile> | null;
  try {
    value = JSON.parse(json) as Partial<BenchFile> | null;
  } catch {
    throw new Error('it is not JSON');
  }
  if (value?.format !== formatName)
    throw new Error(`it is not a file of npm run bench ("format" is missing)`);
  if (value.version !== formatVersion) {
    throw new Error(`it has version ${value.version} of the format, this program reads ${formatVersion}`);
  }
  if (typeof value.header?.adapterName !== 'string' || !Array.isArray(value.groups)) {
    throw new Error('it has no header or no groups');
  }
  for (const group of value.groups as readonly Partial<Group>[]) {
    const rows = Array.isArray(group.rows) ? group.rows : [{} as Partial<Row>];
    const isWhole = rows.every((row) => typeof row.name === 'string' && isSamples(row.samplesNs));
    if (typeof group.id !== 'string' || !isWhole) {
      throw new Error(`its group "${group.id ?? '?'}" has no rows or no samples`);
    }
  }
  return { ...value, profiles: value.profiles ?? [] } as BenchFile;
}

const isSamples = (samples: unknown): boolean =>
  Array.isArray(samples) &&
  samples.every((sample) => sample === null || (Number.isFinite(sample) && sample > 0));

/** The file as text: one line per row of numbers, so that it can be read and compared. */
export function formatBenchFile(file: BenchFile): string {
  const text = JSON.stringify(file, (_, value) => (typeof value === 'number' ? round(value) : value), 1);
  return `${text.replace(/\[\s+([-\d.enul,+\s]+?)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`)}\n`;
}

/** Seven digits: a millionth of any timing. */
const round = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(7)));
