import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../../src/hosts/project-root.ts';
import { describeUnless } from '../left-out.ts';
import { startCommand } from './command.ts';
import { type SlurmCluster, slurmMissing, startSlurm } from './slurm-cluster.ts';

// examples/slurm with a real Slurm: a controller and two nodes on this machine.

const reason =
  process.env.WGRAD_TEST_SLURM === '1'
    ? slurmMissing()
    : 'two nodes of Slurm train for minutes: WGRAD_TEST_SLURM=1 npm test -- test/e2e/slurm.test.ts';

/** 32 lambdas of two widths, in four jobs. They are shorter than an epoch: validating after each would take longest. */
const search = [
  ...['--hidden', '10,12', '--depth', '1', '--lambda', '1e-5..1e-1', '--method', 'grid', '--samples', '32'],
  ...['--at-once', '16', '--batch-size', '20', '--steps', '300', '--val-size', '1000'],
];

describeUnless(reason, '32 lambdas of two widths on two nodes', () => {
  let folder: string;
  let cluster: SlurmCluster;
  const path = (...parts: string[]) => join(folder, ...parts);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wgrad-slurm-'));
    cluster = await startSlurm(path('slurm'));
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const command = async (...args: string[]) => {
    const { status, stdout, stderr } = await startCommand(args[0]!, args.slice(1)).outcome;
    return { status, stdout: stdout.trim(), stderr };
  };
  const submit = (numbers: string) =>
    cluster.run(
      'sbatch',
      ...[`--array=${numbers}`, `--chdir=${projectRoot}`, `--output=${path('task-%a.out')}`],
      ...[join(projectRoot, 'examples/slurm/job.sh'), path('jobs')],
    );
  const taskOf = (number: number) => cluster.tasks().findLast(({ task }) => task === number)!;
  const until = async (what: string, isSo: () => boolean) => {
    for (const start = Date.now(); !isSo(); await sleep(50)) {
      if (Date.now() - start > 900_000) throw new Error(`not so in time: ${what}\n${outputs()}`);
    }
  };
  const outputs = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith('task-'))
      .map((name) => `${name}\n${readFileSync(path(name), 'utf8')}`)
      .join('\n');
  const job = (number: number) => JSON.parse(readFileSync(path('jobs', `${number}.json`), 'utf8'));
  const fileOf = (number: number, file: string) => path('jobs', job(number).name, file);
  /** In the middle: losses were reported, and something is left to do. */
  const isInTheMiddle = (number: number) =>
    existsSync(fileOf(number, 'metrics.jsonl')) &&
    readFileSync(fileOf(number, 'metrics.jsonl'), 'utf8').includes('"train"') &&
    !existsSync(fileOf(number, 'result.json'));
  const sessionsOf = (number: number) =>
    JSON.parse(readFileSync(fileOf(number, 'result.json'), 'utf8')).sessions;

  test('killed, drained and requeued, it ends as on one machine', { timeout: 2_400_000 }, async () => {
    const planned = await command('search', ...search, '--plan', path('jobs'));
    expect(planned.status, planned.stderr).toBe(0);
    expect(planned.stdout).toBe('1-4');
    submit(planned.stdout);

    // Killed, as by a node that fails: nobody writes a checkpoint.
    await until('job 1 is in the middle', () => isInTheMiddle(1));
    const [lease] = readdirSync(path('jobs', job(1).name)).filter((name) => name.startsWith('lease.'));
    process.kill(JSON.parse(readFileSync(fileOf(1, lease!), 'utf8')).owner.pid, 'SIGKILL');
    await until('task 1 has failed', () => taskOf(1).state === 'FAILED');

    // Its node is drained, and the job told to move: it goes on elsewhere, from the checkpoint that it kept.
    await until('job 2 is in the middle', () => isInTheMiddle(2));
    const { id, node } = taskOf(2);
    cluster.run('scontrol', 'update', `NodeName=${node}`, 'State=DRAIN', 'Reason=test');
    cluster.run('scancel', '--batch', '--signal=USR1', id);

    // Requeued from outside: Slurm signals every process of the task, the browser too.
    await until('job 3 is in the middle', () => isInTheMiddle(3));
    cluster.run('scontrol', 'requeue', taskOf(3).id);

    const early = await command('search', '--collect', path('jobs'));
    expect(early.status).toBe(2);
    expect(early.stderr.trim()).toMatch(
      /^search: \S+ lacks the results of jobs \S+( \(in work: .*\))?: train them by/,
    );
    expect(early.stderr.trim().split('\n')).toHaveLength(1);
    submit('1');
    await until('job 2 goes on', () => taskOf(2).state === 'RUNNING');
    expect(taskOf(2).node).not.toBe(node);
    cluster.run('scontrol', 'update', `NodeName=${node}`, 'State=RESUME');
    await until('everything is trained', () =>
      [1, 2, 3, 4].every((number) => existsSync(fileOf(number, 'result.json'))),
    );
    expect(readFileSync(path('task-1.out'), 'utf8')).toMatch(/^taking over from process \d+ on /m);
    expect(sessionsOf(1)).toHaveLength(1);
    expect(sessionsOf(2)).toHaveLength(2);
    expect(sessionsOf(2)[1].fromStep).toBeGreaterThan(0);
    expect(readFileSync(path('task-2.out'), 'utf8')).toMatch(/^\{"type":"result",.*"status":"pruned"/m);
    const [collected, alone] = await Promise.all([
      command('search', '--collect', path('jobs')),
      command('search', ...search, '--out', path('alone')),
    ]);
    expect(collected.status, collected.stderr).toBe(0);
    expect(alone.status, alone.stderr).toBe(0);
    expect(results('jobs')).toEqual(results('alone'));
    expect(results('jobs').candidates).toHaveLength(64);
    for (const file of ['report.md', 'report.html']) {
      expect(readFileSync(path('jobs', file), 'utf8')).toBe(readFileSync(path('alone', file), 'utf8'));
    }
  });

  /** All of results.json but times and hosts. */
  const results = (out: string) => {
    const {
      updatedAt: _,
      populations,
      ...rest
    } = JSON.parse(readFileSync(path(out, 'results.json'), 'utf8'));
    const timeless = populations.map((population: Record<string, unknown>) => {
      const { startedAt, finishedAt, elapsedMs, sessions, resumedAtStep, msPerStep, host, ...same } =
        population;
      expect([startedAt, finishedAt, elapsedMs, sessions, resumedAtStep, msPerStep, host]).not.toContain(
        undefined,
      );
      return same;
    });
    return { ...rest, populations: timeless };
  };
});
