import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RunningSession, readSessions } from '../../../src/cli/folders/sessions.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-sessions-'));
  vi.useFakeTimers({ now: new Date('2026-11-25T10:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const about = (fromStep: number) => ({ fromStep, adapter: 'a GPU', browser: 'Chrome/156' });

test('a run in two sessions, the first of which was killed: first start, times added up, each session', () => {
  const started = { experiment: 'adam', sessions: [], startedAt: new Date() };
  const first = new RunningSession(folder, started, about(0));
  vi.advanceTimersByTime(60_000);
  first.reach(450);
  vi.advanceTimersByTime(3_600_000); // Killed a little later, and started again after an hour.

  const second = new RunningSession(folder, { ...readSessions(folder), startedAt: new Date() }, about(450));
  vi.advanceTimersByTime(30_000);
  second.reach(900);
  expect(second.experiment).toBe('adam');
  expect(second.duration).toEqual({
    startedAt: '2026-11-25T10:00:00.000Z',
    elapsedMs: 90_000,
    sessions: [
      { ...about(0), startedAt: '2026-11-25T10:00:00.000Z', elapsedMs: 60_000, toStep: 450 },
      { ...about(450), startedAt: '2026-11-25T11:01:00.000Z', elapsedMs: 30_000, toStep: 900 },
    ],
  });
  expect(readSessions(folder)).toEqual({ experiment: 'adam', sessions: second.duration.sessions });
});

test('of an older version: what its summary says', () => {
  const summary = {
    experiment: 'base',
    startedAt: '2026-11-01T00:00:00.000Z',
    elapsedMs: 5000,
    steps: 70,
    adapter: { name: 'a GPU' },
    browser: 'Chrome/150',
  };
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(summary));
  const { startedAt, elapsedMs, browser } = summary;
  expect(readSessions(folder)).toEqual({
    experiment: 'base',
    sessions: [{ startedAt, elapsedMs, fromStep: 0, toStep: 70, adapter: 'a GPU', browser }],
  });
});

test.each(['', 'nonsense', '{"sessions":null}'])('a damaged record %j is none', (text) => {
  writeFileSync(join(folder, 'sessions.json'), text);
  expect(readSessions(folder)).toEqual({ experiment: null, sessions: [] });
});
