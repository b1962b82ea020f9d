/** A search without training: accuracies are the test's, checkpoints are files of the right shape. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runSearch } from '../../../src/cli/commands/search-flow.ts';
import type { PopulationResult } from '../../../src/cli/folders/population-folders.ts';
import { SearchDirectory } from '../../../src/cli/folders/search-directory.ts';
import { parseSearchOptions, type SearchRequest } from '../../../src/cli/options/search-options.ts';
import type { SearchPlan } from '../../../src/experiments/search-plan.ts';
import type { SearchState, SearchTask } from '../../../src/experiments/search-state.ts';
import { type Checkpoint, writeCheckpoint } from '../../../src/train/checkpoint.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-search-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const planOf = (...args: string[]): SearchPlan => (parseSearchOptions(args) as SearchRequest).plan;

/** Best at lambda 0.01, where the accuracy is 0.5. */
const accuracyAt = (lambda: number): number => 0.5 - 0.05 * Math.abs(Math.log10(lambda / 0.01));

type Task = SearchTask & { readonly checkpoint: Checkpoint | undefined };

interface Ran {
  readonly found: SearchState<PopulationResult> | undefined;
  readonly tasks: readonly Task[];
  /** Share of the work that was finished, before each training and at the end. */
  readonly done: readonly number[];
}

/** Runs a search; `stopAt`: the task at which it is stopped. */
async function run(plan: SearchPlan, stopAt = Number.POSITIVE_INFINITY): Promise<Ran> {
  const directory = new SearchDirectory(folder);
  directory.requireSamePlan(plan);
  const tasks: Task[] = [];
  const done: number[] = [];
  const found = await runSearch(plan, directory, {
    async train(task, from) {
      tasks.push({ ...task, checkpoint: from });
      if (tasks.length > stopAt) return undefined;
      const { name, settings } = task;
      // One value per replica, its seed: what goes on must be that of the replica.
      const parameters = Float32Array.from(settings.replicas, ({ seed }) => seed);
      const checkpoint = {
        settings,
        step: settings.steps,
        variants: {},
        fused: true,
        oneWorkgroup: false,
        forced: {},
        adapter: '',
        arenas: { parameters },
      };
      directory.folder(name).writeCheckpoint(writeCheckpoint(checkpoint));
      const trials = settings.replicas.map(({ seed, lambda }) => ({
        seed,
        validationAccuracy: accuracyAt(lambda),
        validationLoss: 1,
        divergedAtStep: null,
      }));
      const result = { name, settings, trials } as unknown as PopulationResult;
      directory.write(result);
      return result;
    },
    onState: (state) => done.push(state.done),
  });
  return { found, tasks, done };
}

const namesOf = ({ tasks }: Ran) => tasks.map(({ name }) => name);

test('round by round; the second is closer to the best of the first', async () => {
  const { found, tasks, done } = await run(planOf('--hidden', '30,50', '--lambda', '1e-5..1e-1'));
  expect(tasks.map(({ name }) => name)).toEqual([
    'round-1-30x30-sgd',
    'round-1-50x50-sgd',
    'round-2-30x30-sgd',
    'round-2-50x50-sgd',
  ]);
  const spread = (round: number) => {
    const logs = found!.candidates
      .filter((candidate) => candidate.round === round)
      .map(({ lambda }) => Math.abs(Math.log10(lambda / 0.01)));
    return Math.max(...logs);
  };
  expect(found!.candidates).toHaveLength(32);
  expect(spread(2)).toBeLessThan(spread(1) / 2);
  expect(done).toHaveLength(5);
  expect(done[0]).toBe(0);
  expect(done[4]).toBeCloseTo(1, 12);
  expect(done[2]! - done[1]!).toBeGreaterThan(done[1]!); // A wider net is more work.
});

test('stopped and started again: what is finished is not trained again, and the end is the same', async () => {
  const plan = planOf('--hidden', '30,50', '--lambda', '1e-5..1e-1', '--halving');
  const whole = await run(plan);
  rmSync(folder, { recursive: true });
  for (let stopAt = 0; stopAt < whole.tasks.length; stopAt++) {
    const stopped = await run(plan, stopAt);
    expect(stopped.found).toBeUndefined();
    const rest = await run(plan);
    expect(rest.found).toEqual(JSON.parse(JSON.stringify(whole.found)));
    expect(rest.tasks.map(({ settings }) => settings)).toEqual(
      whole.tasks.slice(stopAt).map(({ settings }) => settings),
    );
    expect(rest.tasks[0]!.checkpoint?.arenas).toEqual(whole.tasks[stopAt]!.checkpoint?.arenas);
    rmSync(folder, { recursive: true });
  }
  await run(plan);
  expect((await run(plan)).tasks).toEqual([]);
});

test('more nets, optimizers or rounds are the same search, which trains what is new; another space is another one', () => {
  const directory = new SearchDirectory(folder);
  const first = ['--hidden', '30', '--lambda', '1e-5..1e-1', '--method', 'coarse-to-fine'];
  writeFileSync(join(folder, 'results.json'), JSON.stringify({ plan: planOf(...first) }));
  const again = (...args: string[]) => directory.requireSamePlan(planOf(...first, ...args));
  again('--hidden', '30,50', '--optimizer', 'sgd,adam', '--rounds', '3');
  expect(() => again('--lambda', '1e-4..1e-1')).toThrow(/was made with other settings \(space\)/);
});

describe('halving', () => {
  const plan = planOf(
    ...['--lambda', '1e-5,1e-4,1e-3,0.01,0.1', '--seeds', '2', '--halving', '--cycles', '3'],
  );

  test('the better half goes on from its checkpoint, with all its seeds', async () => {
    const ran = await run(plan);
    expect(namesOf(ran)).toEqual(['rung-1', 'rung-2', 'rung-3'].map((rung) => join('50x50-sgd', rung)));
    const [first, second, third] = ran.tasks;
    expect(first!.checkpoint).toBeUndefined();
    expect(first!.settings.steps).toBe(4500);
    expect(second!.settings).toEqual(second!.checkpoint!.settings);
    expect(second!.settings.steps).toBe(9000);
    expect(second!.checkpoint!.step).toBe(4500);
    expect(second!.settings.replicas.map(({ lambda, seed }) => [lambda, seed])).toEqual([
      [1e-3, 1],
      [1e-3, 2],
      [0.01, 1],
      [0.01, 2],
      [0.1, 1],
      [0.1, 2],
    ]);
    expect([...second!.checkpoint!.arenas.parameters!]).toEqual([1, 2, 1, 2, 1, 2]);
    expect(third!.settings.replicas).toHaveLength(4);
    expect(ran.found!.candidates.map(({ lambda, steps }) => [lambda, steps])).toEqual([
      [1e-5, 4500],
      [1e-4, 4500],
      [0.1, 9000],
      [1e-3, 13_500],
      [0.01, 13_500],
    ]);
  });

  test('checkpoints that nothing goes on from are not kept', async () => {
    await run(plan);
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(left.filter((file) => file.endsWith('.safetensors'))).toEqual([]);
    expect(left.filter((file) => file.endsWith('result.json'))).toHaveLength(3);
  });
});

describe('refused in one line:', () => {
  const plan = planOf('--lambda', '0.001,0.01');

  test('another search in the same folder', async () => {
    await run(plan);
    await expect(run({ ...plan, steps: 100 })).rejects.toThrow(
      /50x50-sgd\/result\.json was made with other settings \(steps\): use another --out/,
    );
  });

  test('a damaged result', async () => {
    await run(plan);
    const path = join(folder, '50x50-sgd', 'result.json');
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    await expect(run(plan)).rejects.toThrow(
      /result\.json is damaged: .*delete it to train the population again/,
    );
  });

  test('a damaged checkpoint', async () => {
    await run(plan, 0);
    const path = join(folder, '50x50-sgd', 'checkpoint.safetensors');
    new SearchDirectory(folder).folder('50x50-sgd').write('checkpoint.safetensors', 'nonsense');
    expect(existsSync(path)).toBe(true);
    await expect(run(plan)).rejects.toThrow(/checkpoint\.safetensors is damaged: .*delete the folder/);
  });

  test('a rung without the checkpoint of the one before', async () => {
    const halved = planOf('--lambda', '0.001,0.01', '--halving');
    await run(halved, 1);
    rmSync(join(folder, '50x50-sgd', 'rung-1', 'checkpoint.safetensors'));
    await expect(run(halved)).rejects.toThrow(/rung-1 lacks its checkpoint: delete that folder/);
  });
});
