import {
  type BenchFile,
  formatName,
  formatVersion,
  type Group,
  type Row,
} from '../../../src/measure/schema.ts';

export function fakeRow(name: string, samplesNs: readonly (number | null)[], more: Partial<Row> = {}): Row {
  return {
    name,
    isDefault: false,
    validation: { ok: true, how: 'float64 reference' },
    work: { flops: 1000, bytes: 500 },
    repeats: 10,
    stride: 1,
    samplesNs,
    dispatches: 1,
    ...more,
  };
}

export function fakeGroup(id: string, rows: readonly Row[], more: Partial<Group> = {}): Group {
  const [op = id] = id.split(' ');
  return {
    suite: 'kernels',
    id,
    op,
    title: id,
    usedBy: [],
    clock: 'gpu',
    warmupRounds: 0,
    rows,
    skipped: [],
    ...more,
  };
}

export function fakeFile(groups: readonly Group[], more: Partial<BenchFile['header']> = {}): BenchFile {
  return {
    format: formatName,
    version: formatVersion,
    header: {
      startedAt: '2026-11-22T10:00:00.000Z',
      elapsedMs: 61_000,
      complete: true,
      args: ['--quick'],
      seed: 1,
      quick: true,
      commit: '0123456789',
      host: { cpu: 'a CPU', cores: 2, platform: 'linux x64', node: 'v20', loadBefore: 0.1, loadAfter: 1.2 },
      browser: 'Chrome/1',
      adapter: {
        vendor: 'v',
        architecture: 'a',
        device: '',
        description: 'd',
        software: true,
        subgroupMinSize: 4,
        subgroupMaxSize: 4,
      },
      adapterName: 'v a, d, software, subgroups of 4',
      limits: { maxBufferSize: 1024 },
      timestamps: true,
      ...more,
    },
    groups,
    profiles: [],
  };
}
