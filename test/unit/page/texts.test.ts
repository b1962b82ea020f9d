import { describe, expect, test } from 'vitest';
import type { EngineErrorKind } from '../../../src/page/engine/engine-error.ts';
import type { GpuReport } from '../../../src/page/engine/protocol.ts';
import type { DataStatus, GpuStatus, NoGpuReason, RunStatus } from '../../../src/page/model/status.ts';
import {
  dataChip,
  dataNotice,
  gpuChip,
  gpuNotice,
  runChip,
  runNotice,
  trainLabel,
} from '../../../src/page/model/texts.ts';

const report = {
  adapter: { vendor: 'apple', architecture: 'metal-3', device: '', description: 'Apple M3', software: false },
  name: 'apple metal-3, Apple M3',
  tooSmall: { limit: 'maxStorageBufferBindingSize', has: 32e6, needs: 77e6 },
} as unknown as GpuReport;

const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36';

describe('the GPU', () => {
  const reasons: readonly NoGpuReason[] = [
    'insecure',
    'no-api',
    'no-adapter',
    'blocked',
    'worker',
    'timeout',
    'refused',
  ];
  const states: readonly GpuStatus[] = [
    { state: 'probing' },
    { state: 'ready', report },
    { state: 'software', report },
    { state: 'too-small', report },
    { state: 'recovering', message: 'lost' },
    { state: 'asking', message: 'lost' },
    ...reasons.map((reason) => ({ state: 'none', reason, details: 'as reported' }) as const),
  ];

  test('has a chip in every state, and none says yes or no before it is known', () => {
    for (const gpu of states) expect(gpuChip(gpu)).not.toBe('');
    expect(gpuChip({ state: 'probing' })).toBe('looking for a GPU');
    expect(gpuNotice({ state: 'probing' }, agent)).toBeUndefined();
    expect(gpuChip({ state: 'ready', report })).toBe('Apple M3: ready');
  });

  test('has a text of its own for each way of not being there', () => {
    const notices = reasons.map((reason) => gpuNotice({ state: 'none', reason, details: '' }, agent)!);
    expect(new Set(notices.map(({ title }) => title)).size).toBe(reasons.length);
    for (const { text, advice } of notices) {
      expect(text.length).toBeGreaterThan(20);
      expect(advice.length).toBeGreaterThan(0);
    }
  });

  test('advises by the browser', () => {
    const advice = (agent: string) =>
      gpuNotice({ state: 'none', reason: 'no-api', details: '' }, agent)!.advice[0];
    expect(advice(agent)).toMatch(/Linux/);
    expect(advice('Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0')).toMatch(
      /^Firefox/,
    );
    expect(advice('Mozilla/5.0 (Macintosh) AppleWebKit/605 Version/17 Safari/605')).toMatch(/^Safari/);
  });

  test('that is too small names the limit', () => {
    expect(gpuNotice({ state: 'too-small', report }, agent)!.text).toMatch(
      /maxStorageBufferBindingSize of 77 MB.*32 MB/,
    );
  });
});

describe('the data', () => {
  test('have a chip in every state', () => {
    const states: readonly DataStatus[] = [
      { state: 'unknown' },
      { state: 'absent', missingBytes: 1, canKeep: true, why: '' },
      { state: 'downloading', doneBytes: 43, totalBytes: 100, bytesPerSecond: 1 },
      { state: 'checking', doneBytes: 1, totalBytes: 2 },
      { state: 'kept' },
      { state: 'this-tab', why: 'private' },
      { state: 'uploading', doneBytes: 1, totalBytes: 2 },
      { state: 'error' },
    ];
    expect(new Set(states.map(dataChip)).size).toBe(states.length);
    expect(dataChip(states[2]!)).toBe('43 %');
  });

  test.each<[EngineErrorKind, RegExp]>([
    ['offline', /cannot be reached/],
    ['not-served', /has no data/],
    ['partial', /not whole/],
    ['wrong-file', /not CIFAR-10/],
    ['failed', /could not be loaded/],
  ])('that failed (%s) say so', (kind, title) => {
    const notice = dataNotice({ kind, message: 'details' });
    expect(notice.title).toMatch(title);
    expect(notice.details).toBe('details');
  });
});

describe('the run', () => {
  test('has a chip in every state', () => {
    const states: readonly RunStatus[] = [
      { state: 'preparing', what: 'compiling', done: 7, total: 19 },
      { state: 'running' },
      { state: 'testing' },
      { state: 'paused', by: 'you' },
      { state: 'paused', by: 'lab' },
      { state: 'paused', by: 'device' },
      { state: 'stopping' },
      { state: 'finished' },
      { state: 'stopped' },
      { state: 'failed', kind: 'failed', message: '' },
    ];
    expect(new Set(states.map((run) => runChip(run))).size).toBe(states.length);
    expect(runChip(states[0]!)).toBe('compiling 7 of 19');
  });

  test('that failed has a text by what failed', () => {
    const kinds: readonly EngineErrorKind[] = ['memory', 'worker', 'busy', 'failed'];
    const titles = kinds.map((kind) => runNotice({ state: 'failed', kind, message: '' })!.title);
    expect(new Set(titles).size).toBe(kinds.length);
    // Of these, what is said beside the data tells what to do.
    for (const kind of ['no-data', 'partial'] as const)
      expect(runNotice({ state: 'failed', kind, message: '' })).toBeUndefined();
  });

  test('that downloads first says how much', () => {
    expect(trainLabel('Go on from step 1,000', 184e6)).toBe('Download 184 MB and go on from step 1,000');
    expect(trainLabel('Train', 0)).toBe('Train');
  });
});
