/** Trials that may not be trained, as `npm run trial` is told of them: no server, no browser. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { planSearch } from '../../../src/cli/commands/search-jobs.ts';
import { main } from '../../../src/cli/commands/trial.ts';
import { TrialOutput } from '../../../src/cli/commands/trial-output.ts';
import { JobsDirectory } from '../../../src/cli/folders/jobs-directory.ts';
import { Lease } from '../../../src/cli/folders/lease.ts';
import { parseSearchOptions, type SearchRequest } from '../../../src/cli/options/search-options.ts';
import { parseTrialParams } from '../../../src/cli/options/trial-params.ts';
import { formatOwner, thisProcess } from '../../../src/hosts/process-owner.ts';
import { UserError } from '../../../src/hosts/user-error.ts';
import { writeCheckpoint } from '../../../src/train/checkpoint.ts';

vi.mock('../../../src/hosts/open-host.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  openHost: () => Promise.reject(new Error('trained')),
}));

let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-trial-'));
  printed = '';
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const trial = { id: 'a', settings: { hidden: [8], lambda: 0.01 }, budget: { steps: 10 } };

/** `npm run trial` of a trial in a folder `k`. */
function train(more: object = {}): Promise<number> {
  const params = join(folder, 'params.json');
  writeFileSync(params, JSON.stringify({ ...trial, ...more }));
  return main(['--params', params, '--out', join(folder, 'k')]);
}

function keepCheckpoint(name: string, step: number): string {
  const { settings } = parseTrialParams(JSON.stringify({ ...trial, budget: { steps: 30 } }));
  const path = join(folder, name);
  const rest = { variants: {}, fused: false, oneWorkgroup: false, forced: {}, adapter: '', arenas: {} };
  writeFileSync(path, writeCheckpoint({ settings, step, ...rest }));
  return path;
}

test('a job that another process trains: no result, which would be taken for that one', async () => {
  const jobs = join(folder, 'jobs');
  planSearch(parseSearchOptions(['--lambda', '0.1,0.2', '--plan', jobs]) as SearchRequest);
  const lease = await Lease.acquire(join(jobs, JobsDirectory.job(join(jobs, '1')).job.name), {
    log: () => {},
  });
  try {
    await expect(main(['--job', join(jobs, '1')])).rejects.toThrow(/is being trained by process \d+ on /);
    expect(printed).toBe('');
  } finally {
    lease.release();
  }
});

test('what else goes wrong is the result', async () => {
  const output = new TrialOutput('a', parseTrialParams(JSON.stringify(trial)).settings);
  const work = () => Promise.reject(new UserError('the page crashed'));
  await expect(output.orFailed(work, () => 'c')).rejects.toThrow('the page crashed');
  expect(JSON.parse(printed)).toMatchObject({ status: 'failed', error: 'the page crashed', checkpoint: 'c' });
});

test('a folder that another process trains in is in use; one that it has left holds a trial', async () => {
  await expect(train({ checkpoint: join(folder, 'never') })).rejects.toThrow('there is no checkpoint');
  keepCheckpoint(join('k', 'checkpoint.safetensors'), 10);
  const lock = join(
    folder,
    'k',
    `.wgrad-lock-${formatOwner({ ...thisProcess(), pid: process.ppid, started: '' })}`,
  );
  writeFileSync(lock, '');
  await expect(train()).rejects.toThrow(`k is in use: process ${process.ppid} writes to it`);
  rmSync(lock);
  await expect(train()).rejects.toThrow(/k holds a trial: go on with it by "checkpoint"/);
  expect(readdirSync(join(folder, 'k'))).toContain('checkpoint.safetensors');
  expect(printed).toBe('');
});

test('a checkpoint of other settings, and one beyond the budget', async () => {
  const checkpoint = keepCheckpoint('c.safetensors', 20);
  await expect(train({ checkpoint, settings: { hidden: [8], lambda: 0.02 } })).rejects.toThrow(
    /c\.safetensors was made with other settings \(lambda\): go on with the settings that it was made with, or leave "checkpoint" out/,
  );
  await expect(train({ checkpoint })).rejects.toThrow(/is at step 20, beyond the budget of 10$/);
});
