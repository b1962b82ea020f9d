/** A search as jobs, without training: results are the test's, as jobs would leave them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../../src/cli/commands/search.ts';
import { JobsDirectory, type NumberedJob, numberRanges } from '../../../src/cli/folders/jobs-directory.ts';
import { PopulationFolders, type PopulationResult } from '../../../src/cli/folders/population-folders.ts';
import { provenance, sourceHash } from '../../../src/cli/folders/provenance.ts';
import { formatOwner, thisProcess } from '../../../src/hosts/process-owner.ts';
import { writeCheckpoint } from '../../../src/train/checkpoint.ts';

let folder: string;
let jobs: string;
let printed: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-jobs-'));
  jobs = join(folder, 'jobs');
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const adapterNamed = (name: string): PopulationResult['adapter'] => ({
  ...{ name, vendor: '', architecture: '', device: '', description: '', software: true },
  ...{ subgroupMinSize: 4, subgroupMaxSize: 4 },
});

/** Leaves the result of a job. Best at lambda 0.01. */
function train(number: number, origin: Partial<PopulationResult> = {}, adapter = 'A'): void {
  const { job } = JobsDirectory.job(join(jobs, `${number}`));
  const { name, settings } = job as Extract<NumberedJob, { kind: 'search' }>;
  const folders = new PopulationFolders(jobs);
  const parameters = Float32Array.from(settings.replicas, ({ seed }) => seed);
  const state = {
    settings,
    step: settings.steps,
    variants: {},
    forced: {},
    fused: false,
    oneWorkgroup: false,
    adapter,
    arenas: { parameters },
  };
  folders.folder(name).writeCheckpoint(writeCheckpoint(state));
  const trials = settings.replicas.map(({ seed, lambda }) => ({
    seed,
    validationAccuracy: 0.5 - 0.05 * Math.abs(Math.log10(lambda / 0.01)),
    validationLoss: 1,
    divergedAtStep: null,
  }));
  folders.write({
    ...{ name, settings, trials, adapter: adapterNamed(adapter), browser: 'Chrome/1', dataSource: 'cache' },
    ...{ startedAt: '', finishedAt: '', resumedAtStep: 0, msPerStep: 1, dispatchesPerStep: 1, modelBytes: 1 },
    ...{ variants: {}, ...provenance(), ...origin },
  });
}

const plan = (...args: string[]) => main([...args, '--plan', jobs]);
const collect = () => main(['--collect', jobs]);
const grid = ['--hidden', '30,50', '--lambda', '0.001,0.01,0.1', '--at-once', '2'];

test('planned, trained and collected: the files of a search on one machine', async () => {
  expect(await plan(...grid)).toBe(0);
  expect(printed).toEqual(['1-4']);
  for (const number of [2, 4, 1, 3]) train(number);
  expect(await collect()).toBe(0);
  expect(printed[1]).toMatch(/^\| +rank/);
  const { candidates, populations, notes } = JSON.parse(readFileSync(join(jobs, 'results.json'), 'utf8'));
  expect(candidates).toHaveLength(6);
  expect(candidates[0].lambda).toBe(0.01);
  expect(populations.map(({ name }: { name: string }) => name)).toEqual([
    '30x30-sgd-1',
    '30x30-sgd-2',
    '50x50-sgd-1',
    '50x50-sgd-2',
  ]);
  expect(notes.join()).not.toContain('adapters');
  // Checkpoints that nothing goes on from.
  const files = readdirSync(jobs, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => file.endsWith('.safetensors'))).toEqual([]);
});

test.each([
  ['Node/20.20.2 webgpu/0.6.2', ' --host node'],
  ['Chrome/156', ''],
])('the winner is trained anew where %s trained it, with the default kernels', async (browser, host) => {
  await plan('--lambda', '0.001,0.01', '--flip');
  train(1, { browser });
  await collect();
  const command = `npm run train -- --flip --hidden 50,50 --optimizer sgd --lambda 0.01 --lr-max 0.1 --lr-min 0.00001 --seeds 5 --no-tune${host}`;
  expect(printed).toContain(`train it anew: ${command}`);
  expect(JSON.parse(readFileSync(join(jobs, 'results.json'), 'utf8')).bestCommand).toBe(command);
});

test('planned again: the same jobs; those without a result are printed', async () => {
  await plan(...grid);
  train(2);
  await plan(...grid);
  expect(printed).toEqual(['1-4', '1,3-4']);
});

test('round by round: status 3 and the numbers of the next jobs', async () => {
  await plan('--lambda', '1e-5..1e-1', '--hidden', '30,50');
  for (const number of [1, 2]) train(number);
  expect(await collect()).toBe(3);
  expect(printed).toEqual(['1-2', '3-4']);
  // Once more, before they are trained: nothing is counted twice.
  await expect(collect()).rejects.toThrow(/lacks the results of jobs 3-4: train them by npm run trial/);
  for (const number of [3, 4]) train(number);
  expect(await collect()).toBe(0);
});

test('halving: the next jobs go on from the better half', async () => {
  await plan('--lambda', '1e-4,1e-3,1e-2', '--halving');
  train(1);
  expect(await collect()).toBe(3);
  const { job } = JobsDirectory.job(join(jobs, '2')) as { job: Extract<NumberedJob, { kind: 'search' }> };
  expect(job.from).toEqual({ name: '50x50-sgd/rung-1', places: [1, 2] });
  expect(job.firstStep).toBe(4500);
  expect([...new PopulationFolders(jobs).startOf(job)!.arenas.parameters!]).toEqual([1, 1]);
  train(2);
  expect(await collect()).toBe(0);
});

test('adapters that took part are named', async () => {
  await plan(...grid);
  for (const number of [1, 2, 3]) train(number);
  train(4, {}, 'B');
  await collect();
  const { notes } = JSON.parse(readFileSync(join(jobs, 'results.json'), 'utf8'));
  expect(notes.join('\n')).toMatch(
    /^2 adapters took part, which round differently: A \(30x30-sgd-1, 30x30-sgd-2, 50x50-sgd-1\); B \(50x50-sgd-2\)\.$/m,
  );
});

describe('refused in one line:', () => {
  beforeEach(() => plan(...grid));

  test('results of another version, or of other data', async () => {
    for (const number of [1, 2, 3]) train(number);
    train(4, { codeHash: 'other' });
    await expect(collect()).rejects.toThrow(
      /50x50-sgd-2\/result\.json was made by another version of the code: delete its folder/,
    );
    train(4, { dataHash: 'other' });
    await expect(collect()).rejects.toThrow(/was made from other data: delete its folder/);
  });

  test('jobs and plans of another version', async () => {
    const change = (file: string) => {
      const text = readFileSync(join(jobs, file), 'utf8');
      writeFileSync(join(jobs, file), text.replace(/"codeHash": "\w+"/, '"codeHash": "other"'));
    };
    change('2.json');
    expect(() => JobsDirectory.job(join(jobs, '2'))).toThrow(
      /2\.json was planned by another version of the code: use that version/,
    );
    change('plan.json');
    await expect(collect()).rejects.toThrow(/plan\.json was planned by another version/);
  });

  test('a truncated result, job or plan', async () => {
    for (const number of [1, 2, 3, 4]) train(number);
    const cut = (...path: string[]) => {
      const file = join(jobs, ...path);
      writeFileSync(file, readFileSync(file).subarray(0, 50));
    };
    cut('30x30-sgd-1', 'result.json');
    await expect(collect()).rejects.toThrow(/30x30-sgd-1\/result\.json is damaged: .*; delete it/);
    cut('3.json');
    expect(() => JobsDirectory.job(join(jobs, '3'))).toThrow(/3\.json is damaged/);
    cut('plan.json');
    await expect(collect()).rejects.toThrow(/plan\.json is damaged/);
  });

  test('two collectors at the same time', async () => {
    for (const number of [1, 2, 3, 4]) train(number);
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
    try {
      const owner = { ...thisProcess(), pid: other.pid!, started: '' };
      writeFileSync(join(jobs, `.wgrad-lock-${formatOwner(owner)}`), '');
      await expect(collect()).rejects.toThrow(`${jobs} is in use: process ${other.pid} writes to it`);
      expect(readdirSync(jobs)).not.toContain('results.json');
    } finally {
      other.kill();
    }
  });

  test('another plan in the folder, a folder with something in it, a folder without a plan', async () => {
    await expect(plan('--lambda', '0.1,0.2')).rejects.toThrow(`${jobs} holds another plan`);
    const other = join(folder, 'other');
    await expect(main([...grid, '--plan', folder])).rejects.toThrow(`${folder} is not empty`);
    await expect(main(['--collect', other])).rejects.toThrow(`${other} holds no plan`);
    await expect(main([...grid, '--out', jobs])).rejects.toThrow(`${jobs} holds jobs`);
  });

  test('a job that is not there, no number, more than --collect', async () => {
    expect(() => JobsDirectory.job(join(jobs, '9'))).toThrow(`${jobs} has no job 9: it has 1-4`);
    expect(() => JobsDirectory.job(join(jobs, 'x'))).toThrow('--job must be a folder of jobs and a number');
    await expect(main(['--collect', jobs, '--seeds', '2'])).rejects.toThrow(
      '--seeds cannot be given with --collect',
    );
  });
});

test('numbers as Slurm takes them', () => {
  expect(numberRanges([1, 2, 3, 7, 9, 10])).toBe('1-3,7,9-10');
  expect(numberRanges([])).toBe('');
});

test('the hash of source text knows names and text, and not line ends', () => {
  const hash = (name: string, text: string) => {
    const root = mkdtempSync(join(folder, 'source-'));
    writeFileSync(join(root, name), text);
    return sourceHash(root, ['.']);
  };
  const one = hash('a.ts', 'x\ny\n');
  expect(hash('a.ts', 'x\r\ny\r\n')).toBe(one);
  expect(hash('b.ts', 'x\ny\n')).not.toBe(one);
  expect(hash('a.ts', 'x\nz\n')).not.toBe(one);
});
