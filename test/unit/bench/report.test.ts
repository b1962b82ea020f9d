import { describe, expect, test } from 'vitest';
import { analyse } from '../../../bench/analysis.ts';
import { duration, durationEstimate, ratioEstimate } from '../../../bench/report/format.ts';
import { htmlReport } from '../../../bench/report/html.ts';
import { markdownReport, markdownTable } from '../../../bench/report/markdown.ts';
import { terminalReport, textTable } from '../../../bench/report/terminal.ts';
import type { StepProfile } from '../../../src/measure/schema.ts';
import { traceFile, typicalStep } from '../../../src/measure/trace.ts';
import { fakeFile, fakeGroup, fakeRow } from './fake-file.ts';

const profile: StepProfile = {
  group: 'step 50-50',
  row: 'default',
  dispatches: [
    {
      label: 'layers.0 forward',
      op: 'matmul-forward',
      variant: 'quad-8x16',
      shape: 'M=100 N=52',
      work: { flops: 100, bytes: 10 },
      startNs: [0, 0, 0],
      durationNs: [1000, 9000, 1100],
    },
    {
      label: 'sgd',
      op: 'sgd',
      variant: 'vec4',
      shape: 'COUNT=4',
      work: { flops: 10, bytes: 10 },
      startNs: [1000, 9000, 1200],
      durationNs: [500, 500, 500],
    },
  ],
};

const file = {
  ...fakeFile([
    fakeGroup(
      'op M=1',
      [
        fakeRow('fast<b>', [100, 101, 99, 100, 102, 98, 100]),
        fakeRow('slow|er', [200, 201, 199, 200, 202, 198, 200], { isDefault: true }),
      ],
      {
        skipped: [{ name: 'quad', reason: 'the adapter has no subgroups' }],
        usedBy: ['50-50 layers.0 forward'],
      },
    ),
  ]),
  profiles: [profile],
};
const analysis = analyse(file);

describe('numbers', () => {
  test('times and intervals', () => {
    expect(duration(1234)).toBe('1.23 us');
    expect(duration(0.5)).toBe('0.500 ns');
    expect(duration(3.2e9)).toBe('3.20 s');
    expect(duration(Number.NaN)).toBe('-');
    expect(durationEstimate({ value: 2e6, low: 1.9e6, high: 2.2e6 })).toBe('2.00 ms [1.90, 2.20]');
    expect(ratioEstimate({ value: 0.5, low: -Infinity, high: Infinity })).toBe('0.500 [too few rounds]');
  });
});

describe('tables', () => {
  const table = {
    columns: ['name', '>time'],
    rows: [
      ['a|b', '1.5'],
      ['long name', '12.0'],
    ],
  };

  test('on a terminal', () => {
    expect(textTable(table)).toBe('name       time\na|b         1.5\nlong name  12.0');
  });

  test('in Markdown', () => {
    expect(markdownTable(table).split('\n')).toEqual([
      '| name | time |',
      '| --- | ---: |',
      '| a\\|b | 1.5 |',
      '| long name | 12.0 |',
    ]);
  });
});

describe('reports', () => {
  test('each has rows, skipped variants with their reason, what is wrong with the choice, and the profile', () => {
    for (const report of [terminalReport(analysis), markdownReport(analysis), htmlReport(analysis)]) {
      expect(report).toContain('skipped quad: the adapter has no subgroups');
      expect(report).toContain('takes 2.00');
      expect(report).toContain('matmul-forward/quad-8x16');
      expect(report).toContain('commit 0123456789');
    }
  });

  test('the page is self-contained and escapes what it is given', () => {
    const html = htmlReport(analysis);
    expect(html).not.toMatch(/<script|<link|src=|https?:/);
    expect(html).not.toContain('fast<b>');
    expect(html).toContain('fast&#60;b&#62;');
    expect(html.match(/<svg/g)).toHaveLength(2);
    expect(html).not.toContain('NaN');
  });

  test('a run without any timing makes reports too', () => {
    const empty = analyse(
      fakeFile([fakeGroup('op', [fakeRow('v', [], { validation: { ok: false, how: 'off' } })])]),
    );
    expect(terminalReport(empty)).toContain('WRONG');
    expect(htmlReport(empty)).toContain('WRONG');
  });
});

describe('trace', () => {
  test('the step whose length is nearest to the median', () => {
    expect(typicalStep(profile)).toBe(2);
  });

  test('complete events in microseconds, in their order', () => {
    const { traceEvents } = JSON.parse(traceFile([profile])) as { traceEvents: Record<string, unknown>[] };
    const events = traceEvents.filter(({ ph }) => ph === 'X');
    expect(events).toMatchObject([
      { name: 'layers.0 forward', cat: 'matmul-forward', ts: 0, dur: 1.1 },
      { name: 'sgd', ts: 1.2, dur: 0.5 },
    ]);
  });
});
