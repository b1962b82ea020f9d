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
  [['--net', 'air'], /^--net air: there is no net "air"/],
  [['--net', 'air-24-48-48', '--suite', 'peers'], /^--net chooses among .* --suite kernels or train/],
  [['--list', '--json', 'a.json'], /--list.*cannot be used with option '--json/],
  [['--list', '--out', 'a'], /--list.*cannot be used with option '--out/],
  [['--batch-size', '100'], /^--batch-size is the batch of the net of --net/],
])('%s is one line', (args, message) => {
  expect(() => parseBenchOptions(args)).toThrow(message);
});

test('a net that is named has its own kernels and steps, in the batches asked for', () => {
  expect(parseBenchOptions(['--net', 'air-24-48-48', '--batch-size', '100'])).toMatchObject({
    net: { name: 'air-24-48-48', batchSize: 100 },
    suites: ['kernels', 'train'],
  });
  expect(parseBenchOptions([])).toMatchObject({ net: undefined });
});
