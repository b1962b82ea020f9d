import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { parseExperimentsOptions } from '../../../src/cli/options/experiments-options.ts';
import { namedNetExperiment } from '../../../src/experiments/named-net-settings.ts';
import { netStudy, onDataset, studies, studyNamed } from '../../../src/experiments/studies.ts';

test('a study of nets: base, and each net with the settings of its family', () => {
  const study = netStudy(['patch-4-10-50', 'vgg-8-16-16']);
  expect(study.experiments.map(({ name }) => name)).toEqual(['base', 'patch-4-10-50', 'vgg-8-16-16']);
  expect(study.experiments[2]).toEqual(namedNetExperiment('vgg-8-16-16'));
});

test('the name of a study is enough to have it again', () => {
  const all = [...studies, netStudy(['patch-4-10-50', 'air-8-16-16'])];
  for (const study of [...all, ...all.map((study) => onDataset(study, 'cifar100'))]) {
    expect(studyNamed(study.name)).toEqual(study);
  }
});

test('a study that this version does not have is refused by name', () => {
  for (const name of ['newer', 'newer on cifar100'])
    expect(() => studyNamed(name)).toThrow(/^there is no study "newer"; there are report, /);
});

test("other data: every experiment's, without the report's figures", () => {
  const options = parseExperimentsOptions(['--dataset', 'cifar100', '--only', 'base,adam']);
  if (options?.action !== 'run') throw new Error('not to be run');
  expect(options.selected.map(({ name }) => name)).toEqual(['base', 'adam']);
  expect(options.study.experiments.every(({ settings }) => settings.dataset === 'cifar100')).toBe(true);
  expect(options.study.experiments.every(({ reported }) => reported === null)).toBe(true);
  expect(basename(options.out)).toBe('report-on-cifar100-5-seeds');
  expect(parseExperimentsOptions(['--dataset', 'cifar10'])).toMatchObject({ study: studies[0] });
});

test('--net: which experiments run, and where their results go', () => {
  const options = parseExperimentsOptions(['--net', 'patch-4-10-50, vgg-8-16-16', '--seeds', '2']);
  if (options?.action !== 'run') throw new Error('not to be run');
  expect(options.study).toEqual(netStudy(['patch-4-10-50', 'vgg-8-16-16']));
  expect(options.selected).toEqual(options.study.experiments);
  expect(basename(options.out)).toBe('nets-patch-4-10-50-vgg-8-16-16-2-seeds');
});

test.each([
  [['--net', 'vgg-16'], /^--net vgg-16: there is no net "vgg-16"/],
  [['--net', 'vgg-8-8-8,vgg-8-8-8'], /vgg-8-8-8 is named twice/],
  [['--net', 'patch-40-10-50'], /^--net patch-40-10-50: /],
  [['--net', 'vgg-8-8-8', '--study', 'convolution'], /cannot be used with/],
  [['--net', 'vgg-8-8-8', '--tuned'], /cannot be used with/],
  [['--net', 'vgg-8-8-8', '--only', 'adam'], /^--only must be names from base, vgg-8-8-8, got "adam"/],
])('%s is refused', (args, message) => {
  expect(() => parseExperimentsOptions(args)).toThrow(message);
});
