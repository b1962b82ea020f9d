import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { provideDependencies } from '../../../../src/cli/setup/dependencies.mjs';
import { announceUse } from '../../../../src/cli/setup/in-use.mjs';
import { missingPackages } from '../../../../src/cli/setup/packages.mjs';
import { projectRoot } from '../../../../src/hosts/project-root.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wgrad-dependencies-'));
  writeLock(root, '1.0.0');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const packages = (version: string) => ({
  'node_modules/engine': { version },
  'node_modules/engine/node_modules/part': { version: '2.0.0' },
  'node_modules/tester': { version: '3.0.0', dev: true },
  'node_modules/native': { version: '4.0.0', optional: true },
});

function writeLock(folder: string, version: string): void {
  const own = { dependencies: { engine: version }, devDependencies: { tester: '3.0.0' } };
  const lock = { packages: { '': own, ...packages(version) } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

/** What npm leaves: the packages, and its list last. */
function fakeInstall(folder: string, withDevelopment: boolean, version = '1.0.0'): void {
  const installed = Object.entries(packages(version)).filter(
    ([path]) => !path.endsWith('native') && (withDevelopment || !path.endsWith('tester')),
  );
  for (const [path, { version }] of installed) {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify({ version }));
  }
  const list = { packages: Object.fromEntries(installed) };
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify(list));
}

const silent = () => {};

describe('what is missing', () => {
  test('nothing behind an installation; without tests and benches also behind one for production', () => {
    fakeInstall(root, true);
    expect(missingPackages(root, true)).toEqual([]);
    rmSync(join(root, 'node_modules'), { recursive: true });
    fakeInstall(root, false);
    expect(missingPackages(root, false)).toEqual([]);
    expect(missingPackages(root, true)).toEqual(['node_modules/tester']);
  });

  test('what an interrupted npm ci has not put there, or has taken away', () => {
    fakeInstall(root, true);
    rmSync(join(root, 'node_modules/engine'), { recursive: true });
    expect(missingPackages(root, true)).toEqual([
      'node_modules/engine',
      'node_modules/engine/node_modules/part',
    ]);
    fakeInstall(root, true);
    rmSync(join(root, 'node_modules/.package-lock.json'));
    expect(missingPackages(root, true)).not.toEqual([]);
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{"packages":{"node_mod');
    expect(missingPackages(root, true)).not.toEqual([]);
  });

  test('what is of another version', () => {
    fakeInstall(root, true);
    writeLock(root, '1.0.1');
    expect(missingPackages(root, true)).toEqual(['node_modules/engine']);
  });

  test('nothing where an npm workspace above has the dependencies', () => {
    const member = join(root, 'packages', 'wgrad');
    mkdirSync(member, { recursive: true });
    writeLock(member, '1.0.0');
    fakeInstall(root, true);
    expect(missingPackages(member, true)).toEqual(['engine', 'tester']); // A stranger's node_modules.
    const list = join(root, 'node_modules/.package-lock.json');
    const { packages: listed } = JSON.parse(readFileSync(list, 'utf8'));
    writeFileSync(list, JSON.stringify({ packages: { ...listed, 'packages/wgrad': { version: '0.1.0' } } }));
    expect(missingPackages(member, true)).toEqual([]);
    writeLock(member, '1.0.1');
    expect(missingPackages(member, true)).toEqual(['engine']);
  });
});

describe('provideDependencies', () => {
  test('installs once, and not where nothing is missing', async () => {
    const lines: string[] = [];
    const asked: boolean[] = [];
    const install = async (folder: string, withDevelopment: boolean) => {
      asked.push(withDevelopment);
      fakeInstall(folder, withDevelopment);
    };
    await provideDependencies(root, 'train', (line) => lines.push(line), install);
    await provideDependencies(root, 'train', (line) => lines.push(line), install);
    expect(asked).toEqual([false]);
    await provideDependencies(root, 'bench', (line) => lines.push(line), install);
    expect(asked).toEqual([false, true]);
    expect(lines).toEqual(['installing dependencies (npm ci)', 'installing dependencies (npm ci)']);
  });

  test('does not try again where npm leaves something out: it says what', async () => {
    let times = 0;
    const install = async (folder: string) => {
      times++;
      fakeInstall(folder, false);
    };
    await expect(provideDependencies(root, 'test', silent, install)).rejects.toThrow(
      'npm ci left out node_modules/tester',
    );
    expect(times).toBe(1);
    expect(readdirSync(join(root, '.wgrad'))).toEqual([]);
  });

  test('an installation that failed gives the lock back', async () => {
    const fails = () => Promise.reject(new Error('no network'));
    await expect(provideDependencies(root, 'train', silent, fails)).rejects.toThrow('no network');
    await provideDependencies(root, 'train', silent, async (folder) => fakeInstall(folder, true));
    expect(missingPackages(root, true)).toEqual([]);
  });

  test('takes over the lock of a process that died', async () => {
    mkdirSync(join(root, '.wgrad'));
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    writeFileSync(join(root, '.wgrad/installing'), `${child.pid}`);
    writeFileSync(join(root, `.wgrad/${child.pid}.use`), 'train');
    await provideDependencies(root, 'train', silent, async (folder) => fakeInstall(folder, true));
    expect(readdirSync(join(root, '.wgrad'))).toEqual([`${process.pid}.use`]);
  });

  test('never installs under a command that is running', { timeout: 30_000 }, async () => {
    fakeInstall(root, true);
    const script = `
      import { announceUse } from ${JSON.stringify(join(projectRoot, 'src/cli/setup/in-use.mjs'))};
      announceUse(${JSON.stringify(root)}, 'search');
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const running = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(running.stdout, 'data');
    writeLock(root, '1.0.1');
    const install = async (folder: string) => rmSync(join(folder, 'node_modules'), { recursive: true });
    await expect(provideDependencies(root, 'train', silent, install)).rejects.toThrow(
      `dependencies must be installed (node_modules/engine is missing or old), but search (process ${running.pid}) is running`,
    );
    expect(existsSync(join(root, 'node_modules/engine/package.json'))).toBe(true);
    running.kill('SIGKILL');
    await once(running, 'exit');
    await provideDependencies(root, 'train', silent, async (folder) => fakeInstall(folder, true, '1.0.1'));
  });

  test('commands that start together install once, and all go on', { timeout: 60_000 }, async () => {
    const script = `
      import { appendFileSync, mkdirSync, writeFileSync, rmSync } from 'node:fs';
      import { provideDependencies } from ${JSON.stringify(join(projectRoot, 'src/cli/setup/dependencies.mjs'))};
      const root = ${JSON.stringify(root)};
      const packages = ${JSON.stringify(packages('1.0.0'))};
      await provideDependencies(root, 'train', () => {}, async () => {
        appendFileSync(root + '/log', 'begin\\n');
        await new Promise((resolve) => setTimeout(resolve, 700));
        for (const [path, { version }] of Object.entries(packages)) {
          mkdirSync(root + '/' + path, { recursive: true });
          writeFileSync(root + '/' + path + '/package.json', JSON.stringify({ version }));
        }
        writeFileSync(root + '/node_modules/.package-lock.json', JSON.stringify({ packages }));
        appendFileSync(root + '/log', 'end\\n');
      });
      appendFileSync(root + '/log', 'runs\\n');`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
    );
    const statuses = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(statuses).toEqual([0, 0, 0, 0]);
    const order = ['begin', 'end', 'runs', 'runs', 'runs', 'runs'];
    expect(readFileSync(join(root, 'log'), 'utf8').trim().split('\n')).toEqual(order);
    expect(readdirSync(join(root, '.wgrad'))).toEqual([]);
  });

  test('a use is taken back', () => {
    announceUse(root, 'train')();
    expect(readdirSync(join(root, '.wgrad'))).toEqual([]);
  });
});
