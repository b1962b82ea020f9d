import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, so that another one can tell later whether it still runs. */
export interface ProcessOwner {
  /** Where its pid means something: the computer, and on Linux the namespace of pids (containers have their own). */
  readonly host: string;
  readonly pid: number;
  /** When it started, as the system says it; empty where that is unknown. Pids are used again. */
  readonly started: string;
}

let own: ProcessOwner | undefined;

export function thisProcess(): ProcessOwner {
  own ??= { host: thisHost(), pid: process.pid, started: startOf(process.pid) };
  return own;
}

/** Whether the process still runs; undefined where that cannot be known from here, since it is another computer's. */
export function isAlive({ host, pid, started }: ProcessOwner): boolean | undefined {
  if (host !== thisProcess().host) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = startOf(pid);
  return started === '' || found === '' || found === started;
}

/** An owner in letters that a file name may have; `.` alone separates. */
export const formatOwner = ({ host, pid, started }: ProcessOwner): string => `${host}.${pid}.${started}`;

/** The owner that `formatOwner` wrote; undefined for another text. */
export function parseOwner(text: string): ProcessOwner | undefined {
  const [, host, pid, started] = /^([^.]+)\.(\d+)\.([^.]*)$/.exec(text) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid), started: started! };
}

const plain = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, '-');

function thisHost(): string {
  const name = plain(hostname()) || 'unknown';
  try {
    return `${name}-${plain(readlinkSync('/proc/self/ns/pid')).replace(/\D+/g, '')}`;
  } catch {
    return name;
  }
}

function startOf(pid: number): string {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // The second field is the name in brackets, which may itself hold blanks and brackets; starttime is the 22nd.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie no longer writes anything.
      return fields[0] === 'Z' ? 'ended' : fields[19]!;
    }
    if (process.platform === 'win32') return '';
    return plain(execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim());
  } catch {
    return '';
  }
}
