import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { provenance } from '../../src/cli/folders/provenance.ts';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { datasetCache } from '../../src/data/files/cache.ts';
import { lavapipeRefusal, lavapipeVariables } from '../lavapipe-driver.ts';
import { startCommand } from './command.ts';

// `npm run pack-bench`, and what it packed: in a folder of its own, without the project, its packages and a network.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-kit-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refusal = lavapipeRefusal();

/** The kit with nothing around it: no home, no cache, no path. */
const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(folder, 'kit', 'run.mjs'), ...args], {
    cwd: folder,
    env: { ...lavapipeVariables(), HOME: folder },
    encoding: 'utf8',
  });

test.skipIf(refusal !== undefined)(
  `packs what trains elsewhere, with the hash of its code${refusal === undefined ? '' : `: ${refusal}`}`,
  { timeout: 240_000 },
  async () => {
    const out = join(folder, 'kit');
    const packed = await startCommand('pack-bench', ['--images', '1280', '--out', out]).outcome;
    expect(packed.status, packed.stderr).toBe(0);
    expect(packed.stdout).toMatch(/kit: \d+\.\d MB\. There: node run\.mjs/);

    const args = ['--data', datasetCache(cifar10), '--only', 'base', '--seeds', '1', '--steps', '2'];
    const trained = run('experiments', ...args, '--out', 'study');
    expect(trained.status, trained.stderr).toBe(0);
    expect(readdirSync(join(folder, 'study'))).toContain('results.json');
    const { experiments } = JSON.parse(readFileSync(join(folder, 'study', 'results.json'), 'utf8'));
    expect(experiments[0].codeHash).toBe(provenance().codeHash);
    expect(experiments[0].adapter.name).toMatch(/llvmpipe/);

    const wrong = run('--parts', 'all');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr.trim()).toMatch(/^kit: --parts must be some of checks,costs,training,kernels,train/);
    expect(existsSync(join(folder, 'kit', 'results'))).toBe(false);

    const taken = run('--parts', 'costs', '--quick', '--out', 'study');
    expect(taken.stderr.trim()).toMatch(
      /^kit: --out .*study holds results \(results\.json\): name another folder$/,
    );
    expect(taken.status).toBe(2);
    expect(existsSync(join(folder, 'study', 'kit.json'))).toBe(false);
  },
);
