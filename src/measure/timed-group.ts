import { clockFor, type GpuWork, type Work } from '../gpu/clock.ts';
import type { Gpu } from '../gpu/device.ts';
import { groupRandom } from './interleave.ts';
import { type MeasureSettings, measure } from './measure.ts';
import type { Group, Row } from './schema.ts';

/** A row that is ready to be timed: allocated, compiled, found to be right. */
export interface ReadyRow extends Omit<Row, 'repeats' | 'stride' | 'samplesNs' | 'wallNs'> {
  readonly timed: Work;
}

export interface TimingRequest {
  readonly gpu: Gpu;
  readonly settings: MeasureSettings;
  readonly seed: number;
  /** Timed in every round beside the rows; absent: nothing. */
  readonly control?: GpuWork | undefined;
  /** Take the wall clock's time beside GPU timestamps. */
  readonly alsoWall?: boolean;
  /** Rounds done and planned; false stops. */
  onRound(done: number, planned: number): boolean;
}

/** Times the rows that were found to be right; the others stay without samples. */
export async function timeGroup(
  group: Omit<Group, 'clock' | 'warmupRounds' | 'rows' | 'controlNs'>,
  rows: readonly ReadyRow[],
  { gpu, settings, seed, control, alsoWall = false, onRound }: TimingRequest,
): Promise<Group> {
  const right = rows.filter(({ validation }) => validation.ok);
  const wrong = rows
    .filter(({ validation }) => !validation.ok)
    .map(({ timed: _, ...row }) => ({ ...row, repeats: 0, stride: 1, samplesNs: [] }));
  if (right.length === 0) return { ...group, clock: 'gpu', warmupRounds: 0, rows: wrong };
  const works = [...right.map(({ timed }) => timed), ...(control === undefined ? [] : [control])];
  const clock = clockFor(gpu, works, alsoWall);
  try {
    const random = groupRandom(seed, group.id);
    const withControl = control === undefined ? settings : { ...settings, always: right.length };
    const measured = await measure(clock, works.length, withControl, random, onRound);
    const timed = right.map(({ timed: _, ...row }, index) => ({
      ...row,
      repeats: measured.repeats[index]!,
      stride: measured.strides[index]!,
      samplesNs: measured.samplesNs[index]!,
      ...(measured.wallNs && { wallNs: measured.wallNs[index]! }),
    }));
    return {
      ...group,
      clock: clock.kind,
      warmupRounds: measured.warmupRounds,
      rows: [...timed, ...wrong],
      ...(control && { controlNs: measured.samplesNs.at(-1)! }),
    };
  } finally {
    clock.destroy();
  }
}
