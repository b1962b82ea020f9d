import { expect, test } from 'vitest';
import { parseBenchOptions } from '../../../bench/options.ts';

test('Chrome is the host unless Node is asked for, which may name an adapter and has no other engines', () => {
  expect(parseBenchOptions([])).toMatchObject({ host: 'chrome', suites: ['kernels', 'train', 'peers'] });
  expect(parseBenchOptions(['--host', 'node', '--adapter', 'A'])).toMatchObject({
    host: 'node',
    adapter: 'A',
    suites: ['kernels', 'train'],
  });
  expect(parseBenchOptions(['--browser', 'firefox'])).toMatchObject({ host: 'firefox' });
});

test.each([
  [['--host', 'deno'], /^--host deno is unknown: allowed choices are chrome, firefox, node/],
  [['--browser', 'node'], /^--browser node is unknown: allowed choices are chrome, firefox/],
  [['--browser', 'firefox', '--host', 'node'], /^--browser firefox and --host node exclude each other/],
  [['--adapter', 'A'], /^--adapter is for --host node/],
  [['--host', 'node', '--suite', 'peers'], /^--suite peers needs Chrome/],
  [['--browser', 'firefox', '--suite', 'start'], /^--suite start needs Chrome/],
])('%s is one line', (args, message) => {
  expect(() => parseBenchOptions(args)).toThrow(message);
});
