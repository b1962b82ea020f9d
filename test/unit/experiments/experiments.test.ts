import { describe, expect, test } from 'vitest';
import { experiments } from '../../../src/experiments/experiments.ts';
import { studies } from '../../../src/experiments/studies.ts';
import { trainingsOf } from '../../../src/experiments/trainings.ts';
import { tunedNotes } from '../../../src/experiments/tuned-notes.ts';

const run = { seeds: [1, 2], steps: undefined, tuned: false };
const namesOf = (trainings: ReturnType<typeof trainingsOf>) =>
  trainings.map(({ members }) => members.map(({ experiment }) => experiment.name));
const [base, precise, adaptive] = experiments;

describe('the list', () => {
  test("has the report's experiments in its order, with its figures", () => {
    expect(experiments.map(({ name, reported }) => [name, reported])).toEqual([
      ['base', 0.53],
      ['precise-bn', 0.548],
      ['adaptive-bn', 0.539],
      ['bn-after-relu', 0.544],
      ['adam', 0.564],
      ['wide', 0.551],
    ]);
  });

  test('trains 20 epochs with the literal settings', () => {
    for (const { members } of trainingsOf(experiments, run)) {
      const { steps, batchSize, valSize } = members[0]!.settings;
      expect(steps * batchSize).toBe(20 * (50_000 - valSize));
    }
  });

  test('tuned variants keep widths, optimizer and number of cycles, and say where they come from', () => {
    for (const { name, settings, tuned } of experiments) {
      expect(tuned!.hidden).toEqual(settings.hidden);
      expect(tuned!.optimizer).toEqual(settings.optimizer);
      expect(tuned!.cycles).toBe(settings.cycles);
      expect(tuned!.batchStatistics).toEqual(settings.batchStatistics);
      expect(tunedNotes[name]).toMatch(/5,000 validation images/);
    }
  });
});

describe('studies', () => {
  test('the first is the report, and names are unique within each', () => {
    expect(studies.map(({ name }) => name)).toEqual(['report', 'initialisation', 'convolution']);
    expect(studies[0]!.experiments).toBe(experiments);
    for (const study of studies) {
      const names = study.experiments.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(names).toContain('base');
    }
  });

  test("initialisation: the course's standard deviations and figures; nothing else differs from base", () => {
    const [he, ...others] = studies[1]!.experiments;
    expect(he!.settings).toEqual(base!.settings);
    expect(others.map(({ name, reported }) => [name, reported])).toEqual([
      ['sigma-1e-1', 0.53],
      ['sigma-1e-3', 0.53],
      ['sigma-1e-4', 0.53],
      ['sigma-1e-1-no-bn', 0.52],
      ['sigma-1e-3-no-bn', [0.1, 0.21]],
      ['sigma-1e-4-no-bn', 0.1],
    ]);
    for (const [i, { settings }] of others.entries()) {
      const batchNorm = i < 3 ? base!.settings.batchNorm : null;
      expect(settings).toEqual({ ...base!.settings, init: { sigma: [1e-1, 1e-3, 1e-4][i % 3] }, batchNorm });
    }
  });

  test('each is a training of its own', () => {
    expect(trainingsOf(studies[1]!.experiments, run)).toHaveLength(7);
  });
});

describe('trainings', () => {
  test.each([false, true])('base, precise-bn and adaptive-bn are one (tuned: %s)', (tuned) => {
    expect(namesOf(trainingsOf(experiments, { ...run, tuned }))).toEqual([
      ['base', 'precise-bn', 'adaptive-bn'],
      ['bn-after-relu'],
      ['adam'],
      ['wide'],
    ]);
  });

  test('all seeds are replicas of one run', () => {
    const [{ members } = { members: [] }] = trainingsOf(experiments, { ...run, seeds: [1, 2, 3] });
    expect(members[0]!.settings.replicas.map(({ seed }) => seed)).toEqual([1, 2, 3]);
  });

  test('running statistics come before those that replace them', () => {
    const [training] = trainingsOf([adaptive!, base!, precise!], run);
    expect(training!.name).toBe('adaptive-bn');
    expect(training!.members.map(({ experiment }) => experiment.name)).toEqual([
      'base',
      'adaptive-bn',
      'precise-bn',
    ]);
  });

  test('an experiment more is an entry more', () => {
    const seventh = { ...base!, name: 'narrow', settings: { ...base!.settings, hidden: [10] } };
    expect(namesOf(trainingsOf([...experiments, seventh], run)).at(-1)).toEqual(['narrow']);
  });

  test('--tuned runs what has no tuned settings with the literal ones', () => {
    const { tuned: _, ...literal } = base!;
    const [training] = trainingsOf([literal], { ...run, tuned: true });
    expect(training!.members[0]!.tuned).toBeNull();
    expect(training!.members[0]!.settings.flip).toBe(false);
  });
});
