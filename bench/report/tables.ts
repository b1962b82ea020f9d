// The content of the reports' tables, for terminal, Markdown and HTML alike.

import { quoteForShell } from '../../src/cli/command-line.ts';
import { rateOf } from '../../src/measure/roofline.ts';
import type { StepProfile } from '../../src/measure/schema.ts';
import { median } from '../../src/measure/statistics.ts';
import { type AnalysedGroup, type AnalysedRow, type Analysis, hasParts, isComparison } from '../analysis.ts';
import { bytes, digits, duration, durationEstimate, percent, ratioEstimate } from './format.ts';

export interface Table {
  /** `>` in front of a name: numbers, aligned to the right. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What is known of a row's place: `fastest`, `1.8 [1.7, 1.9] slower`, ..., `no difference`. */
export function placeOf({ comparison, tied }: AnalysedRow, isAlone: boolean): string {
  if (isAlone) return '';
  if (comparison === undefined) return 'smallest median';
  if (!Number.isFinite(comparison.ratio.high)) {
    return `${digits(comparison.ratio.value)}, too few rounds for a claim`;
  }
  const ratio = ratioEstimate(comparison.ratio);
  if (!tied) return `${ratio} slower`;
  // The interval of one comparison excludes 1, that of all comparisons of the run does not.
  return comparison.ratio.low > 1 ? `${ratio} uncertain` : `${ratio} no difference`;
}

/** `fastest` where every other row is shown to be slower. */
function bestPlace(rows: readonly AnalysedRow[]): string {
  if (rows.length < 2) return '';
  return rows.slice(1).every(({ tied }) => !tied) ? 'fastest' : 'smallest median';
}

/** Rows of a group. A `*` marks what the engine chooses without measurements. */
export function groupTable({ group, rows }: AnalysedGroup): Table {
  const hasWall = rows.some(({ wallNs }) => wallNs !== undefined);
  const compares = isComparison(group);
  const isInParts = hasParts(group);
  const columns = [
    group.suite === 'kernels' ? 'variant' : isInParts ? 'phase' : 'row',
    '>median [95 %]',
    '>10 % to 90 %',
    ...(hasWall ? ['>wall clock'] : []),
    ...(isInParts ? [] : ['>GFLOP/s', '>GB/s']),
    ...(compares ? ['>roofline', 'time / fastest [95 %]'] : []),
  ];
  const cells = rows.map((analysed, index) => {
    const { row, time, low, high, wallNs, rate } = analysed;
    return [
      `${row.name}${row.isDefault ? ' *' : ''}`,
      durationEstimate(time),
      `${duration(low)} to ${duration(high)}`,
      ...(hasWall ? [duration(wallNs ?? Number.NaN)] : []),
      ...(isInParts
        ? []
        : [
            row.work.flops === 0 ? '-' : digits(rate.gflops),
            row.work.bytes === 0 ? '-' : digits(rate.gbPerSecond),
          ]),
      ...(compares
        ? [
            `${percent(rate.share)}${rate.bound === 'memory' ? ' mem' : ''}`,
            index === 0 ? bestPlace(rows) : placeOf(analysed, false),
          ]
        : []),
    ];
  });
  const wrong = group.rows
    .filter(({ validation }) => !validation.ok)
    .map(({ name }) => [name, 'WRONG, not timed', ...columns.slice(2).map(() => '')]);
  return { columns, rows: [...cells, ...wrong] };
}

/** What was not timed, a line for each reason. */
export function skippedLines(skipped: AnalysedGroup['skipped']): string[] {
  const names = new Map<string, string[]>();
  for (const { name, reason } of skipped) names.set(reason, [...(names.get(reason) ?? []), name]);
  return [...names].map(([reason, all]) => `skipped ${all.join(', ')}: ${reason}`);
}

/** Device and circumstances. */
export function headerLines({ file, roofline, comparisons }: Analysis): [string, string][] {
  const { header } = file;
  const { host, limits, adapter } = header;
  const { subgroupMinSize: min, subgroupMaxSize: max } = adapter;
  const subgroups = max === 0 ? 'unknown' : min === max ? `${max}` : `${min} to ${max}`;
  const lines: [string, string][] = [
    ['adapter', header.adapterName],
    ['browser', header.browser],
    ['subgroup size', subgroups],
    [
      'limits',
      Object.entries(limits)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    [
      'host',
      `${host.cpu}, ${host.cores} cores, ${host.platform}, Node ${host.node}, load ${digits(host.loadBefore)} before and ${digits(host.loadAfter)} after`,
    ],
    [
      'code',
      `commit ${header.commit ?? 'unknown'}, npm run bench${[...(header.args.length > 0 ? ['', '--'] : []), ...header.args.map((arg) => quoteForShell(arg))].join(' ')}`,
    ],
    [
      'run',
      `${header.startedAt}, ${digits(header.elapsedMs / 1000)} s, seed ${header.seed}${header.complete ? '' : ', STOPPED before its end'}`,
    ],
    [
      'clock',
      header.timestamps
        ? `GPU timestamps around a pass (peers${header.adapter.software ? '' : ', and steps, submitted as in training'}: wall clock)`
        : 'WALL CLOCK: this adapter has no timestamps, so times include the cost of a submit',
    ],
  ];
  if (roofline !== undefined) {
    const copies = roofline.bandwidths.map(
      ({ workingSetBytes, gbPerSecond }) => `${digits(gbPerSecond)} GB/s (${bytes(workingSetBytes)})`,
    );
    lines.push(
      ['peak', `${digits(roofline.gflops)} GFLOP/s multiply-add, copy ${copies.join(', ')}`],
      ['empty dispatch', `${duration(roofline.emptyDispatchNs)} (not subtracted)`],
    );
  }
  lines.push([
    'claims',
    `"slower" and "fastest" hold together with 95 % confidence over all ${comparisons} comparisons of the run`,
  ]);
  return lines;
}

/** Sentences on what the run shows: goals, choices that could be better, wrong results. */
export function findings({ goals, betterChoices, wrong, baseline }: Analysis): string[] {
  const lines = goals.map(
    ({ group, row, against, ratio, atMost, outcome }) =>
      `${group}: ${row} / ${against} = ${ratioEstimate(ratio)}, goal at most ${digits(atMost)}: ${outcome}`,
  );
  for (const { group, chosen } of betterChoices) {
    const best = group.rows[0]!.row.name;
    const ratio = ratioEstimate(chosen.comparison!.ratio);
    lines.push(
      `${group.group.title}: the default ${chosen.row.name} takes ${ratio} times as long as ${best} where each is repeated (its code is then in the caches, which in a step it is not: npm run tune measures that)`,
    );
  }
  lines.push(...wrongLines(wrong));
  if (baseline !== undefined) {
    const count = (verdict: string) => baseline.rows.filter((row) => row.verdict === verdict).length;
    const regressions = baseline.rows.filter(({ regression }) => regression).length;
    lines.push(
      `baseline of ${baseline.startedAt} (commit ${baseline.commit ?? 'unknown'}): ${count('faster')} faster, ${count('slower')} slower, ` +
        `${count('no difference')} without difference, ${count('too few rounds to tell')} with too few rounds to tell, ${baseline.unmatched} unmatched; ${regressions} slower by more than ${percent(baseline.threshold)}`,
    );
    if (baseline.otherwise.length > 0) {
      lines.push(
        `warning: the baseline is of another machine or browser (${baseline.otherwise.join('; ')}), which alone may make rows faster or slower`,
      );
    }
    if (Math.abs(baseline.machine - 1) > 0.05) {
      lines.push(
        `the control kernel takes ${digits(baseline.machine)} times as long as in the baseline: rows count as slower or faster only where they are relative to it too`,
      );
    }
  }
  return lines;
}

/** A line per group and reason. */
function wrongLines(wrong: Analysis['wrong']): string[] {
  const names = new Map<string, string[]>();
  for (const { group, row } of wrong) {
    const key = `${group.id}\n${firstLine(row.validation.how)}`;
    names.set(key, [...(names.get(key) ?? []), row.name]);
  }
  return [...names].map(([key, rows]) => {
    const [id, how] = key.split('\n');
    return `WRONG: ${id}: ${rows.join(', ')}: ${how}`;
  });
}

/** The JSON file has the rest: generated WGSL, every output that is off. */
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** Rows of the baseline comparison that differ, or seem to; all of them where `all`. */
export function baselineTable({ baseline }: Analysis, all: boolean): Table | undefined {
  if (baseline === undefined) return undefined;
  const rows = baseline.rows.filter(
    ({ verdict, seemsSlower }) => all || seemsSlower || verdict === 'faster' || verdict === 'slower',
  );
  return {
    columns: ['group', 'row', '>now / then [95 %]', '>relative to the control', 'verdict'],
    rows: rows.map(({ group, row, ratio, relative, verdict, regression, seemsSlower }) => [
      group,
      row,
      ratioEstimate(ratio),
      relative === undefined ? '-' : ratioEstimate(relative),
      regression
        ? `${verdict.toUpperCase()}, beyond the threshold`
        : seemsSlower
          ? `${verdict}, SEEMS SLOWER`
          : verdict,
    ]),
  };
}

/** A step's dispatches in their order, with their share of the step. */
export function profileTable(profile: StepProfile, { roofline }: Analysis): Table {
  const times = profile.dispatches.map(({ durationNs }) => median(durationNs));
  const total = times.reduce((sum, ns) => sum + ns, 0);
  return {
    columns: ['dispatch', 'kernel', 'shape', '>median', '>of the step', '>GFLOP/s', '>GB/s', '>roofline'],
    rows: [
      ...profile.dispatches.map(({ label, op, variant, shape, work }, index) => {
        const rate = rateOf(work, times[index]!, roofline);
        return [
          label,
          `${op}/${variant}`,
          shortShape(shape),
          duration(times[index]!),
          percent(times[index]! / total),
          digits(rate.gflops),
          digits(rate.gbPerSecond),
          percent(rate.share),
        ];
      }),
      ['sum', '', '', duration(total), '100 %', '', '', ''],
    ],
  };
}

/** Without switches, fractions and "unlimited". */
const shortShape = (shape: string): string =>
  shape
    .split(' ')
    .filter((part) => /=\d+$/.test(part) && !/=(0|1|4294967295)$/.test(part))
    .join(' ');
