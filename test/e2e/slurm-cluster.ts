import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// A Slurm of its own, on the loopback interface: one controller and two nodes, as Debian's packages have them.

const packages = ['slurm-wlm', 'munge'];
const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'scontrol', 'squeue'];
const places = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const programPath = (name: string) =>
  places.map((place) => join(place, name)).find((path) => existsSync(path));
const isInstalled = () => programs.every((name) => programPath(name) !== undefined);

/** Why there can be no Slurm here; undefined where there is one now: as root on Debian it is installed. */
export function slurmMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'Slurm: its daemons are started by root, and this is not';
  if (isInstalled()) return undefined;
  if (!existsSync('/etc/debian_version')) return 'Slurm: it is not installed, and this is not Debian';
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-qq', ...args], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
  } catch (error) {
    return `Slurm: apt-get could not install ${packages.join(', ')} (${(error as Error).message.split('\n')[0]})`;
  }
  return isInstalled() ? undefined : `Slurm: ${packages.join(', ')} lack a program`;
}

export interface SlurmCluster {
  /** Runs one of Slurm's programs; returns what it prints. */
  run(program: string, ...args: string[]): string;
  /** Every task of the last minutes, in the order of submission. */
  tasks(): { readonly id: string; readonly task: number; readonly state: string; readonly node: string }[];
  stop(): Promise<void>;
}

/** Starts the daemons; their files are in `folder`. */
export async function startSlurm(folder: string): Promise<SlurmCluster> {
  const path = (...parts: string[]) => join(folder, ...parts);
  for (const name of ['state', 'spool-n1', 'spool-n2']) mkdirSync(path(name), { recursive: true });
  mkdirSync(path('munge'), { mode: 0o700 });
  writeFileSync(path('munge', 'key'), randomBytes(1024), { mode: 0o400 });
  const [controller, first, second] = await freePorts(3);
  const node = (name: string, port: number) =>
    `NodeName=${name} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${port} CPUs=1 State=UNKNOWN`;
  // What is requeued waits until its old credentials have expired: 5 s instead of two minutes.
  const configuration = [
    ...['ClusterName=wgrad', 'SlurmctldHost=localhost(127.0.0.1)', `SlurmctldPort=${controller}`],
    ...['AuthType=auth/munge', `AuthInfo=socket=${path('munge', 'socket')},cred_expire=5`],
    ...['SlurmUser=root', 'SlurmdUser=root', `StateSaveLocation=${path('state')}`],
    ...[`SlurmdSpoolDir=${path('spool-%n')}`, `SlurmctldPidFile=${path('slurmctld.pid')}`],
    ...[`SlurmdPidFile=${path('slurmd-%n.pid')}`, `SlurmctldLogFile=${path('slurmctld.log')}`],
    ...[`SlurmdLogFile=${path('slurmd-%n.log')}`, 'ProctrackType=proctrack/linuxproc'],
    ...['TaskPlugin=task/none', 'JobAcctGatherType=jobacct_gather/none', 'MpiDefault=none'],
    ...['SelectType=select/cons_tres', 'SelectTypeParameters=CR_CPU', 'SwitchType=switch/none'],
    ...['ReturnToService=2', 'KillWait=30', 'MinJobAge=300'],
    ...[node('n1', first!), node('n2', second!)],
    'PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP',
  ];
  const file = path('slurm.conf');
  writeFileSync(file, `${configuration.join('\n')}\n`);
  const env = { ...process.env, SLURM_CONF: file };
  const run = (program: string, ...args: string[]) =>
    execFileSync(programPath(program)!, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const munge = (name: string) => path('munge', name);
  const files = ['socket', 'key-file', 'pid-file', 'log-file', 'seed-file'];
  run('munged', '--force', ...files.map((name) => `--${name}=${munge(name.split('-')[0]!)}`));
  // In the foreground, so that they are our children and end with this process.
  const daemons = [
    spawn(programPath('slurmctld')!, ['-D', '-f', file], { env, stdio: 'ignore' }),
    ...['n1', 'n2'].map((name) =>
      spawn(programPath('slurmd')!, ['-D', '-N', name, '-f', file], { env, stdio: 'ignore' }),
    ),
  ];
  const tasks = () =>
    run('squeue', '--noheader', '--array', '--format=%A %K %T %N', '--states=all')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const [id = '', task, state = '', nodeName = ''] = line.trim().split(/\s+/);
        return { id, task: Number(task), state, node: nodeName };
      });
  const stop = async () => {
    try {
      run('scancel', '--user=root');
      const isBusy = () => tasks().some(({ state }) => /^(RUNNING|COMPLETING|PENDING)$/.test(state));
      for (let attempt = 0; isBusy() && attempt < 100; attempt++) await sleep(200);
    } catch {
      // The controller is gone already.
    }
    for (const daemon of daemons) daemon.kill('SIGTERM');
    process.kill(Number(readFileSync(munge('pid'), 'utf8')), 'SIGTERM');
    const ended = daemons.map(async (daemon) => {
      if (daemon.exitCode !== null || daemon.signalCode !== null) return;
      const exit = new Promise((resolve) => daemon.once('exit', resolve));
      // One whose job does not end waits for it.
      const kill = setTimeout(() => daemon.kill('SIGKILL'), 10_000);
      await exit;
      clearTimeout(kill);
    });
    await Promise.all(ended);
  };
  for (let attempt = 0; ; attempt++) {
    try {
      if (/2\s+idle|idle\s+n\[1-2\]/.test(run('sinfo', '--noheader', '--format=%D %T %N'))) break;
    } catch (error) {
      if (attempt > 100) throw error;
    }
    if (attempt > 100) {
      await stop();
      throw new Error(
        `the nodes do not come up: ${readFileSync(path('slurmctld.log'), 'utf8').slice(-2000)}`,
      );
    }
    await sleep(200);
  }
  return { run, tasks, stop };
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
