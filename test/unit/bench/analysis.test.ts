import { describe, expect, test } from 'vitest';
import { analyse } from '../../../bench/analysis.ts';
import { baselineRefusal, compareWithBaseline, doubtOf, idleRefusal } from '../../../bench/baseline.ts';
import { checkGoals, checkPeakGoals } from '../../../bench/goals.ts';
import { findings } from '../../../bench/report/tables.ts';
import { bandwidthFor, copyGroup, fmaGroup, rateOf, rooflineOf } from '../../../src/measure/roofline.ts';
import {
  type BenchFile,
  formatBenchFile,
  type Group,
  parseBenchFile,
  type Row,
} from '../../../src/measure/schema.ts';
import { quantumNs, warningsOf } from '../../../src/measure/warnings.ts';
import { stream } from '../measure/simulated-clock.ts';
import { fakeFile, fakeGroup, fakeRow } from './fake-file.ts';

/** `n` samples around `ns` with 2 % noise. */
function around(ns: number, n = 31, seed = 1): number[] {
  const random = stream(seed);
  return Array.from({ length: n }, () => ns * Math.exp(0.02 * random.normal()));
}

const peaks = (): Group[] => [
  fakeGroup(fmaGroup, [fakeRow('tile', around(1000), { work: { flops: 16_000, bytes: 0 } })], {
    suite: 'peaks',
  }),
  fakeGroup(copyGroup(2 ** 26), [fakeRow('vec4', around(1e6), { work: { flops: 0, bytes: 2 ** 26 } })], {
    suite: 'peaks',
    op: 'copy',
  }),
];

describe('schema', () => {
  const file = fakeFile([
    ...peaks(),
    fakeGroup('matmul M=1', [fakeRow('naive', [1.23456789, null, 3e9]), fakeRow('wrong', [])]),
  ]);

  test('a file survives being written and read, to seven digits', () => {
    const again = parseBenchFile(formatBenchFile(file));
    expect(again.groups[2]!.rows[0]!.samplesNs).toEqual([1.234568, null, 3e9]);
    expect(again.header).toEqual(file.header);
    expect(formatBenchFile(again)).toBe(formatBenchFile(file));
  });

  test('samples stand in one line', () => {
    expect(formatBenchFile(file)).toContain('[1.234568, null, 3000000000]');
  });

  test.each([
    ['nonsense', 'it is not JSON'],
    ['{}', 'not a file of npm run bench'],
    ['{"format":"wgrad-bench","version":99}', 'version 99'],
    ['{"format":"wgrad-bench","version":1}', 'no header'],
    ['{"format":"wgrad-bench","version":1,"header":{"adapterName":"a"},"groups":[{"id":"g"}]}', 'group "g"'],
    [
      '{"format":"wgrad-bench","version":1,"header":{"adapterName":"a"},"groups":[{"id":"g","rows":[{"name":"r","samplesNs":[-1]}]}]}',
      'group "g"',
    ],
  ])('%s is refused', (text, message) => {
    expect(() => parseBenchFile(text)).toThrow(message);
  });
});

describe('roofline', () => {
  test('peak and bandwidth are those of the best rows', () => {
    const roofline = rooflineOf(peaks())!;
    expect(roofline.gflops).toBeCloseTo(16, 0);
    expect(roofline.bandwidths[0]!.gbPerSecond).toBeCloseTo(67, 0);
  });

  test('the share is of the lower roof', () => {
    const roofline = {
      gflops: 10,
      bandwidths: [{ workingSetBytes: 1e6, gbPerSecond: 2 }],
      emptyDispatchNs: 1,
    };
    expect(rateOf({ flops: 1000, bytes: 10 }, 200, roofline)).toMatchObject({
      gflops: 5,
      share: 0.5,
      bound: 'compute',
    });
    expect(rateOf({ flops: 10, bytes: 1000 }, 1000, roofline)).toMatchObject({ share: 0.5, bound: 'memory' });
    expect(rateOf({ flops: 10, bytes: 1000 }, 1000, undefined)).toMatchObject({
      gbPerSecond: 1,
      share: undefined,
    });
  });

  test('small work may hope for the bandwidth of a small copy', () => {
    const bandwidths = [
      { workingSetBytes: 1000, gbPerSecond: 9 },
      { workingSetBytes: 1e6, gbPerSecond: 4 },
    ];
    const roofline = { gflops: 1, bandwidths, emptyDispatchNs: 1 };
    expect(bandwidthFor(roofline, 500)).toBe(9);
    expect(bandwidthFor(roofline, 2000)).toBe(4);
    expect(bandwidthFor(roofline, 1e9)).toBe(4);
  });
});

const onGpu = { software: false };

describe('analysis', () => {
  test('the fastest first; a default that is not among the fastest is reported; wrong rows fail', () => {
    const wrong = fakeRow('broken', [], { validation: { ok: false, how: 'y[0] is off' } });
    const group = fakeGroup('op M=1', [
      fakeRow('slow', around(200, 31, 2), { isDefault: true }),
      fakeRow('fast', around(100)),
      wrong,
    ]);
    const analysis = analyse(fakeFile([...peaks(), group]));
    expect(analysis.groups[2]!.rows.map(({ row }) => row.name)).toEqual(['fast', 'slow']);
    expect(analysis.betterChoices[0]!.chosen.row.name).toBe('slow');
    expect(analysis.wrong[0]!.row.name).toBe('broken');
  });

  test('goals: met, missed, undecided', () => {
    const goal = { suite: 'train', group: 'step', rows: ['a'], against: 'b', atMost: 0.5 } as const;
    const outcome = (a: number) => {
      const rows = [fakeRow('a', around(a, 31, 5)), fakeRow('b', around(100))];
      return checkGoals([fakeGroup('step x', rows, { suite: 'train' })], onGpu, [goal])[0]!.outcome;
    };
    expect(outcome(40)).toBe('met');
    expect(outcome(60)).toBe('missed');
    expect(outcome(50)).toBe('undecided');
  });

  test('a goal of software adapters is none of a GPU', () => {
    const goal = {
      suite: 'train',
      group: 'step',
      rows: ['a'],
      against: 'b',
      atMost: 0.5,
      softwareOnly: true,
    } as const;
    const rows = [fakeRow('a', around(40, 31, 5)), fakeRow('b', around(100))];
    const groups = [fakeGroup('step x', rows, { suite: 'train' })];
    expect(checkGoals(groups, onGpu, [goal])).toEqual([]);
    expect(checkGoals(groups, { software: true }, [goal])).toHaveLength(1);
  });

  describe('goals against the peak: 1,000 flops at 10 GFLOP/s are 100 ns', () => {
    const fma = (rows: Row[]) => fakeGroup('fma', rows, { suite: 'peaks' });
    const peak = fma([fakeRow('slower', around(300)), fakeRow('best', around(100))]);
    const product = (samples: readonly (number | null)[]) =>
      fakeGroup('matmul', [fakeRow('a', samples, { isDefault: true }), fakeRow('b', around(50))]);
    const check = (...groups: Group[]) => checkPeakGoals(groups, [{ group: 'matmul', share: 0.25 }]);

    test.each([
      [360, 'met'],
      [440, 'missed'],
      [400, 'undecided'],
    ])('%i ns for a quarter of it: %s', (ns, outcome) => {
      expect(check(peak, product(around(ns, 31, 5)))).toMatchObject([{ row: 'a', outcome, atMost: 4 }]);
    });

    test('nothing is said where the peak or the product has no samples', () => {
      expect(check(product(around(360)))).toEqual([]);
      expect(check(fma([fakeRow('best', [null])]), product(around(360)))).toEqual([]);
      expect(check(peak, product([null, null]))).toEqual([]);
    });
  });
});

test("a goal of a row that was skipped because another has the same plan is that row's", () => {
  const goal = {
    suite: 'train',
    group: 'step',
    rows: ['tuned', 'default'],
    against: 'matmul=',
    atMost: 1.03,
  } as const;
  const rows = [
    fakeRow('default', around(50)),
    fakeRow('matmul=naive', around(100)),
    fakeRow('matmul=tile', around(40)),
  ];
  const group = fakeGroup('step x', rows, { suite: 'train' });
  expect(checkGoals([group], onGpu, [goal])).toEqual([]);
  const skipped = [{ name: 'tuned', reason: 'the same as in "default"' }];
  const results = checkGoals([{ ...group, skipped }], onGpu, [goal]);
  expect(results.map(({ row, against, outcome }) => [row, against, outcome])).toEqual([
    ['default', 'matmul=naive', 'met'],
    ['default', 'matmul=tile', 'missed'],
  ]);
});

describe('baseline', () => {
  /** A row of `ns` on a machine that is `machine` times as slow, in different states of load. */
  const run = (ns: number, seed: number, machine = 1) => {
    const load = around(machine, 31, seed + 100).map((factor, i) => factor * (1 + 0.3 * Math.sin(i / seed)));
    const times = (base: number, offset: number) =>
      around(base, 31, seed + offset).map((value, i) => value * load[i]!);
    const group = fakeGroup('op M=1', [fakeRow('v', times(ns, 0))], { controlNs: times(10, 50) });
    return fakeFile([...peaks(), group]);
  };

  test('the same speed: no difference', () => {
    const comparison = compareWithBaseline(run(100, 2), run(100, 3), 0.05);
    expect(comparison.rows).toMatchObject([{ verdict: 'no difference', regression: false }]);
  });

  test('60 % slower is a regression, 40 % faster is faster', () => {
    expect(compareWithBaseline(run(160, 2), run(100, 3), 0.05).rows).toMatchObject([
      { verdict: 'slower', regression: true },
    ]);
    expect(compareWithBaseline(run(60, 2), run(100, 3), 0.05).rows).toMatchObject([
      { verdict: 'faster', regression: false },
    ]);
  });

  test('slower, but within the threshold, is no regression', () => {
    expect(compareWithBaseline(run(160, 2), run(100, 3), 1.5).rows).toMatchObject([
      { verdict: 'slower', regression: false },
    ]);
  });

  test('a machine that is 1.7 times as slow as a whole makes no regression, and hides none of 2 times', () => {
    const comparison = compareWithBaseline(run(100, 2, 1.7), run(100, 3), 0.05);
    expect(comparison.machine).toBeGreaterThan(1.4);
    expect(comparison.rows).toMatchObject([{ verdict: 'no difference', regression: false }]);
    expect(compareWithBaseline(run(200, 2, 1.7), run(100, 3), 0.05).rows[0]!.regression).toBe(true);
  });

  test('without a control in one of the files, as timed', () => {
    const old = run(100, 3);
    const groups = old.groups.map(({ controlNs: _, ...group }) => group);
    const [row] = compareWithBaseline(run(300, 2), { ...old, groups }, 0.05).rows;
    expect(row).toMatchObject({ relative: undefined, regression: true });
  });

  test('rows that only one run has are counted, not compared', () => {
    const other = fakeFile([...peaks(), fakeGroup('op M=2', [fakeRow('v', around(100))])]);
    expect(compareWithBaseline(run(100, 2), other, 0.05)).toMatchObject({ rows: [], unmatched: 2 });
  });

  /** A run of one row in so many rounds. */
  const brief = (ns: number, rounds: number) =>
    fakeFile([...peaks(), fakeGroup('op M=1', [fakeRow('v', around(ns, rounds))])]);

  test.each([
    ['now', 4, 31],
    ['then', 31, 4],
  ])('too few rounds %s: not the same speed, and no pass', (_, now, then) => {
    const same = compareWithBaseline(brief(100, now), brief(100, then), 0.05);
    expect(same.rows).toMatchObject([
      { verdict: 'too few rounds to tell', regression: false, seemsSlower: false },
    ]);
    expect(doubtOf(same)).toContain('no row has enough rounds');
    const analysis = analyse(brief(10_000, now), brief(100, then));
    expect(analysis.baseline!.rows).toMatchObject([{ verdict: 'too few rounds to tell', seemsSlower: true }]);
    expect(findings(analysis).join()).toContain('0 without difference, 1 with too few rounds to tell');
  });

  test('a row of few rounds among others: a doubt where all its times are beyond those of the baseline', () => {
    const two = (ns: number) => {
      const rows = [fakeRow('v', around(100)), fakeRow('slow', around(ns, 2))];
      return fakeFile([fakeGroup('op M=1', rows)]);
    };
    expect(doubtOf(compareWithBaseline(two(1000), two(1000), 0.05))).toBeUndefined();
    expect(doubtOf(compareWithBaseline(two(2000), two(1000), 0.05))).toMatch(
      /^1 row seems slower .* by more than 5 %, with too few rounds to tell \(op M=1, slow\)/,
    );
    expect(doubtOf(compareWithBaseline(two(2000), two(1000), 1.5))).toBeUndefined();
  });

  test('what could tell nothing is refused before anything is measured', () => {
    const listed = (rows: string[], id = 'op M=1') => [
      { suite: 'kernels', id, title: id, rows, skipped: [] } as const,
    ];
    const then = brief(100, 31);
    expect(idleRefusal(listed(['v']), then, undefined)).toBeUndefined();
    expect(idleRefusal(listed(['v', 'w']), then, 31)).toBeUndefined();
    expect(idleRefusal(listed(['v']), then, 5)).toMatch(/--rounds 5 are too few .* use \d+ or more/);
    expect(idleRefusal(listed(['v']), brief(100, 5), 31)).toContain('it has too few rounds');
    for (const others of [listed(['w']), listed(['v'], 'op M=2')])
      expect(idleRefusal(others, then, undefined)).toContain('none of the rows');
    expect(doubtOf(compareWithBaseline(brief(100, 31), fakeFile(peaks()), 0.05))).toContain(
      'no row was compared',
    );
  });

  test('another CPU, number of cores or browser under the same adapter is told in one line', () => {
    const now = run(100, 2);
    const warnings = (header: Partial<BenchFile['header']>) => {
      const then = run(100, 3);
      const analysis = analyse(now, { ...then, header: { ...then.header, ...header } });
      return findings(analysis).filter((line) => line.startsWith('warning: '));
    };
    expect(warnings({})).toEqual([]);
    const host = { ...now.header.host, cpu: 'another CPU', cores: 4, loadBefore: 9 };
    expect(warnings({ host, browser: 'Chrome/2' })).toEqual([
      'warning: the baseline is of another machine or browser (another CPU, now a CPU; 4 cores, now 2 cores; Chrome/2, now Chrome/1), which alone may make rows faster or slower',
    ]);
    expect(warnings({ browser: 'Chrome/2' })).toEqual([expect.stringContaining('(Chrome/2, now Chrome/1)')]);
  });

  test('another adapter is refused in one line', () => {
    const refusal = baselineRefusal({ adapterName: 'another one' }, run(100, 1));
    expect(refusal).toContain('another adapter (v a, d');
    expect(refusal).not.toContain('\n');
    expect(baselineRefusal(run(100, 1).header, run(100, 1))).toBeUndefined();
  });
});

describe('warnings', () => {
  test('none for quiet samples', () => {
    expect(warningsOf(fakeGroup('g', [fakeRow('v', around(1e6))]))).toEqual([]);
  });

  test('noise, drift, short samples, missing timestamps, slow rows', () => {
    const noisy = around(1e6).map((ns, i) => (i % 2 === 0 ? ns : 2 * ns));
    const drifting = around(1e6).map((ns, i) => ns * (1 + i / 100));
    const holes = around(1e6).map((ns, i) => (i === 5 ? null : ns));
    const rare = around(1e6).map((ns, i) => (i % 4 === 3 ? ns : null));
    const textOf = (samples: (number | null)[], stride = 1) =>
      warningsOf(fakeGroup('g', [fakeRow('v', samples, { stride })])).join('; ');
    expect(textOf(noisy)).toContain('noisy');
    expect(textOf(drifting)).toContain('slower while it was measured');
    expect(textOf(around(1000))).toContain('lasts only 10 us');
    expect(textOf(holes)).toContain('1 samples had no usable timestamps');
    expect(textOf(rare, 4)).toContain('every fourth round');
    expect(textOf(rare, 4)).not.toContain('usable');
  });

  test('timestamps in steps of 100 us', () => {
    const samples = Array.from({ length: 31 }, (_, i) => 30_000 + 10_000 * (i % 4));
    expect(warningsOf(fakeGroup('g', [fakeRow('v', samples)])).join()).toContain('steps of 100 us');
    expect(quantumNs([300_000, 400_000, 600_000])).toBe(100_000);
    expect(quantumNs([300_001, 400_000])).toBe(0);
    expect(quantumNs([])).toBe(0);
  });
});
