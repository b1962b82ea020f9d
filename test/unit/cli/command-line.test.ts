import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { commandLine, quoteForShell } from '../../../src/cli/command-line.ts';
import { parseSearchOptions, type SearchRequest } from '../../../src/cli/options/search-options.ts';
import { parseTrainOptions } from '../../../src/cli/options/train-options.ts';
import { projectRoot } from '../../../src/hosts/project-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgrad-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words = [
  'runs/base-5',
  '--lr-max=0.1',
  'my run',
  "it's",
  'a"b',
  '$HOME',
  '`id`',
  'a\\b',
  '*',
  '~',
  '',
  'ü',
  '#x',
  'a;b&c|d',
  '!!',
  'two\nlines',
];

test.skipIf(process.platform === 'win32')('a shell gives back what was quoted', () => {
  const script = `printf '%s\\0' ${words.map((word) => quoteForShell(word)).join(' ')}`;
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words);
});

test('what needs no quotes has none', () => {
  expect(quoteForShell('runs/base-5', 'linux')).toBe('runs/base-5');
  expect(quoteForShell('C:\\runs\\base-5', 'win32')).toBe('C:\\runs\\base-5');
  expect(quoteForShell('C:\\my runs', 'win32')).toBe('"C:\\my runs"');
});

describe('a command is one that works', () => {
  const shown = { platform: 'linux', root: '/project a' } as const;

  test('within the project: npm', () => {
    expect(commandLine('train', ['--resume', '/a b'], { ...shown, cwd: '/project a' })).toBe(
      "npm run train -- --resume '/a b'",
    );
    expect(commandLine('train', [], { ...shown, cwd: '/project a/runs' })).toBe('npm run train');
  });

  test('elsewhere: node', () => {
    for (const cwd of ['/', '/project a b', '/elsewhere']) {
      expect(commandLine('train', ['--resume', '/a b'], { ...shown, cwd })).toBe(
        "node '/project a/src/cli/main.mjs' train --resume '/a b'",
      );
    }
  });

  test('in a kit: its runner, from wherever', () => {
    for (const cwd of ['/project a', '/elsewhere']) {
      const kit = { ...shown, isKit: true, cwd };
      expect(commandLine('train', ['--resume', '/a b'], kit)).toBe(
        "node '/project a/run.mjs' train --resume '/a b'",
      );
      expect(commandLine('kit', ['--help'], kit)).toBe("node '/project a/run.mjs' --help");
    }
  });
});

test("a search's shared folder of data is absolute: its command may be pasted elsewhere", () => {
  for (const given of [['--data', 'my data'], ['--data=my data']]) {
    const options = parseSearchOptions(['--lambda', '0.1,0.2', ...given]);
    const { sharedArguments } = options as SearchRequest;
    expect(sharedArguments).toEqual(['--data', join(projectRoot, 'my data')]);
  }
});

describe('what npm took for itself stops the command:', () => {
  const npm = (event: string, more: Readonly<Record<string, string>>) => {
    vi.stubEnv('npm_lifecycle_event', event);
    vi.stubEnv('npm_package_json', join(projectRoot, 'package.json'));
    vi.stubEnv('npm_config_userconfig', join(folder, 'none'));
    vi.stubEnv('npm_config_local_prefix', folder);
    for (const [name, value] of Object.entries(more)) vi.stubEnv(name, value);
  };
  const refusal = (args: readonly string[] = []) => {
    try {
      parseTrainOptions(args);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    } finally {
      vi.unstubAllEnvs();
    }
  };

  test.each([
    ['--steps=20', { npm_config_steps: '20' }, [], '--steps', '--steps 20'],
    ['--steps 20', { npm_config_steps: 'true' }, ['20'], '--steps', '--steps 20'],
    ['--no-tune', { npm_config_tune: '' }, [], '--no-tune', '--no-tune'],
    ['--flip', { npm_config_flip: 'true' }, [], '--flip', '--flip'],
    ['--lr-max=0.1', { npm_config_lr_max: '0.1' }, [], '--lr-max', '--lr-max 0.1'],
    ['--out="my run"', { npm_config_out: 'my run' }, [], '--out', "--out 'my run'"],
    ['--resume', { npm_config_resume: 'true' }, ['my run'], '--resume', "--resume 'my run'"],
    [
      '--steps 20 --val-size 10',
      { npm_config_steps: 'true', npm_config_val_size: 'true' },
      ['20', '10'],
      '--steps, --val-size',
      '--steps ... --val-size ... 20 10',
    ],
  ])('%s', (_, env, args, names, words) => {
    npm('train', env);
    expect(refusal(args)).toBe(
      `npm took ${names} for itself: put -- before the options, as in npm run train -- ${words}`,
    );
  });

  test('but not what npm was told in its own files, or for a script above this one', () => {
    npm('train', { npm_config_browser: 'firefox', npm_config_globalconfig: join(folder, 'npmrc') });
    expect(refusal()).toMatch(/^npm took --browser/);
    writeFileSync(join(folder, 'npmrc'), 'browser = firefox\n');
    npm('train', { npm_config_browser: 'firefox', npm_config_globalconfig: join(folder, 'npmrc') });
    expect(refusal()).toBeUndefined();
    npm('test', { npm_config_steps: '20' });
    expect(refusal()).toBeUndefined();
    npm('train', { npm_config_steps: '20', npm_package_json: '/other/package.json' });
    expect(refusal()).toBeUndefined();
    npm('train', { npm_config_loglevel: 'silent', npm_config_flip: '', npm_config_cache: '/c' });
    expect(refusal()).toBeUndefined();
  });
});
