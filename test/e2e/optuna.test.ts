import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../../src/hosts/project-root.ts';
import { describeUnless } from '../left-out.ts';

// examples/optuna with a real Optuna: two workers, one study in an SQLite database.

/** Debian's Python, which Debian's package is for; another may stand first on PATH. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const hasOptuna = () => spawnSync(python, ['-c', 'import optuna']).status === 0;

/** Why there is no Optuna here; as root on Debian it is installed where that is asked for. */
function optunaMissing(): string | undefined {
  if (hasOptuna()) return undefined;
  if (process.env.WGRAD_TEST_OPTUNA !== '1') {
    return `Optuna is not installed: WGRAD_TEST_OPTUNA=1 npm test -- test/e2e/optuna.test.ts installs Debian's package`;
  }
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    return `Optuna: ${python} does not have it (pip install optuna)`;
  }
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', ...args], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  apt('update');
  apt('install', '-y', '--no-install-recommends', 'python3-optuna');
  return hasOptuna() ? undefined : 'Optuna: apt-get could not install python3-optuna';
}

const reason = optunaMissing();

/** The first two are good, the others so slow that the median leaves them behind. */
const prepare = `
import sys, optuna
study = optuna.create_study(study_name="test", storage=sys.argv[1], direction="maximize")
for rate in [0.1, 0.05] + 6 * [1e-4]:
    study.enqueue_trial({"lambda": 0.001, "lrMax": rate})
`;
const read = `
import sys, json, optuna
study = optuna.load_study(study_name="test", storage=sys.argv[1])
print(json.dumps([[t.number, t.state.name, t.value, list(t.intermediate_values.items())] for t in study.trials]))
`;

describeUnless(reason, 'eight trials of two workers', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wgrad-optuna-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('good ones are complete, others pruned, each is trained once', { timeout: 900_000 }, async () => {
    const storage = `sqlite:///${join(folder, 'study.db')}`;
    execFileSync(python, ['-c', prepare, storage], { stdio: 'ignore' });
    const args = [
      ...[join(projectRoot, 'examples/optuna/search.py'), '--storage', storage, '--study', 'test'],
      ...['--trials', '4', '--out', join(folder, 'trials'), '--budget', '{"steps": 30}'],
      ...['--settings', '{"hidden": [10], "valSize": 49000, "cycleSteps": 20, "lrMin": 0}'],
    ];
    const workers = Array.from({ length: 2 }, () => spawn(python, args));
    const ends = await Promise.all(
      workers.map(async (worker) => {
        let said = '';
        worker.stdout.on('data', (chunk) => (said += chunk));
        worker.stderr.on('data', (chunk) => (said += chunk));
        const status = await new Promise((resolve) => worker.once('close', resolve));
        return { status, said };
      }),
    );
    for (const { status, said } of ends) expect(status, said).toBe(0);
    expect(ends.map(({ said }) => said).join('')).toMatch(/^best of \d: 0\.\d{4} with /m);
    const trials = JSON.parse(execFileSync(python, ['-c', read, storage], { encoding: 'utf8' }));
    const states = trials.map(([, state]: [number, string]) => state);
    expect(states).toHaveLength(8);
    expect(states.slice(0, 2)).toEqual(['COMPLETE', 'COMPLETE']);
    // Those that began while the first two were still being trained had nothing to be compared with.
    expect(states.slice(4)).toEqual(['PRUNED', 'PRUNED', 'PRUNED', 'PRUNED']);
    expect(trials[0][2]).toBeGreaterThan(0.15);
    expect(trials[7][3]).toHaveLength(1);
    expect(existsSync(join(folder, 'trials', 'test-7', 'checkpoint.safetensors'))).toBe(true);
  });
});
