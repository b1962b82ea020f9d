/** A run of the page's worker on a real device, stopped at the moments that a click seldom meets; the data are made. */
import { expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { namedNormalisation, normalisationSize } from '../../src/data/normalisation.ts';
import { imageBytes, recordFileBytes } from '../../src/data/record-set.ts';
import { experiments, trainSettings } from '../../src/experiments/experiments.ts';
import { namedNetExperiment } from '../../src/experiments/named-net-settings.ts';
import type { DataStore } from '../../src/page/engine/data-store.ts';
import { Device } from '../../src/page/engine/device.ts';
import type { EngineEvent, TrainRequest } from '../../src/page/engine/protocol.ts';
import { Training } from '../../src/page/engine/training.ts';

const steps = 20;
const settings = trainSettings(
  { ...experiments[0]!.settings, hidden: [8] },
  { seeds: [1], shuffle: true, reportSteps: 5, steps },
);
const request: TrainRequest = {
  runId: 'a run',
  settings,
  goesOn: false,
  mayBeginAgain: true,
  tuned: {},
  variants: {},
};

/** Black images of class 0. `before` is told of a file that is asked for. */
const madeData = (
  before: (name: string) => void = () => {},
): Pick<DataStore, 'set' | 'respond' | 'testImages'> => ({
  set: cifar10,
  async respond(url) {
    const name = url.slice(url.lastIndexOf('/') + 1);
    before(name);
    if (namedNormalisation(name) !== undefined)
      return new Response(new Float64Array(normalisationSize(imageBytes(cifar10)) / 8).fill(1));
    const file = cifar10.files.find((each) => each.name === name)!;
    return new Response(new Uint8Array(recordFileBytes(cifar10, file)));
  },
  async testImages(count) {
    const images = new Uint8Array(count * imageBytes(cifar10));
    return { images, labels: new Array<number>(count).fill(0) };
  },
});

/** For all tests: a run that follows another one finds it as the other has left it. */
const device = new Device();

interface Made {
  readonly training: Training;
  readonly events: EngineEvent[];
}

function make(
  store: Partial<DataStore> & object,
  onEvent: (event: EngineEvent, training: Training) => void = () => {},
  asked = request,
): Made {
  const events: EngineEvent[] = [];
  const training: Training = new Training(
    {
      device,
      store: store as DataStore,
      slots: undefined,
      post(event) {
        events.push(event);
        onEvent(event, training);
      },
    },
    asked,
  );
  return { training, events };
}

const named = (events: readonly EngineEvent[], name: EngineEvent['event']) =>
  events.filter(({ event }) => event === name);

test('a stop during the upload ends the run, and the next one uploads again and trains to its end', async () => {
  let asked = 0;
  const { training, events } = make(
    madeData((name) => {
      if (name.startsWith('data_batch') && ++asked === 3) training.stop();
    }),
  );
  await expect(training.run()).rejects.toMatchObject({ kind: 'stopped' });
  expect(named(events, 'ready')).toEqual([]);
  expect(asked).toBe(3);
  const next = make(
    madeData((name) => {
      if (name.startsWith('data_batch')) asked++;
    }),
  );
  expect(await next.training.run()).toMatchObject({ finished: true, step: steps });
  expect(asked).toBe(3 + 5);
});

test('a stop while a pause is on its way ends the run: nobody would press Resume', async () => {
  const { training, events } = make(madeData(), ({ event }) => {
    if (event === 'ready') training.pause('you');
    // Shown before the run says that it is paused.
    if (event === 'weights') training.stop();
  });
  training.watch({ samples: false, weights: true });
  expect(await training.run()).toMatchObject({ finished: false });
  expect(named(events, 'weights')).not.toEqual([]);
  expect(named(events, 'paused')).toEqual([]);
});

test('a paused run says so, and goes on to its end', async () => {
  const { training, events } = make(madeData(), ({ event }) => {
    if (event === 'ready') training.pause('you');
    if (event === 'paused') queueMicrotask(() => training.resume());
  });
  expect(await training.run()).toMatchObject({ finished: true, step: steps });
  expect(named(events, 'paused')).toMatchObject([{ by: 'you' }]);
  expect(named(events, 'running')).toHaveLength(1);
});

test('what the net makes of the images is shown when somebody looks again, and at the end in any case', async () => {
  // Two epochs: the first is validated while nobody looks, and from then on somebody does.
  const long = { ...settings, batchSize: 1000, steps: 90, valSize: 5000 };
  const looks = make(
    madeData(),
    ({ event }, training) => {
      if (event !== 'progress' || !looks.events.slice(0, -1).some(isValidated)) return;
      training.watch({ samples: true, weights: false });
    },
    { ...request, settings: long },
  );
  const isValidated = (event: EngineEvent) => event.event === 'progress' && event.validations.length > 0;
  expect(await looks.training.run()).toMatchObject({ finished: true });
  const [first, last, ...others] = named(looks.events, 'samples') as { readonly step: number }[];
  expect(first!.step).toBeLessThan(90);
  expect(last!.step).toBe(90);
  expect(others.length).toBeLessThan(2);
  const elsewhere = make(madeData());
  await elsewhere.training.run();
  expect(named(elsewhere.events, 'samples')).toMatchObject([{ step: steps }]);
});

test('what steps make is told of each run that made some, however brief: nothing', async () => {
  const { training, events } = make(madeData());
  expect(await training.run()).toMatchObject({ finished: true });
  expect(named(events, 'checkpoint').at(-1)).toMatchObject({ step: steps, objectsPerStep: 0 });
  // Where a step makes one, that is told.
  const { gpu } = await device.open();
  const { queue } = gpu.device;
  const { submit } = queue;
  queue.submit = (commands) => {
    gpu.device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE }).destroy();
    submit.call(queue, commands);
  };
  const broken = make(madeData());
  await broken.training.run().finally(() => {
    queue.submit = submit;
  });
  const told = named(broken.events, 'checkpoint').at(-1) as { readonly objectsPerStep: number };
  expect(told.objectsPerStep).toBeGreaterThan(0);
  expect(told.objectsPerStep).toBeLessThanOrEqual(1);
});

test('the filters of a patch net are pictures', async () => {
  const patch = trainSettings(namedNetExperiment('patch-4-10-50').settings, {
    seeds: [1],
    shuffle: true,
    reportSteps: 5,
    steps: 2,
  });
  const { training, events } = make(madeData(), () => {}, { ...request, settings: patch });
  expect(await training.run()).toMatchObject({ finished: true });
  expect(named(events, 'weights')).toMatchObject([{ count: 10 }]);
});

test('pictures of data that another tab has deleted are left out: the run has the data on the GPU', async () => {
  const gone = { ...madeData(), testImages: () => Promise.reject(new Error('it is not there')) };
  const withPictures = make(madeData());
  const without = make(gone);
  for (const { training } of [withPictures, without]) {
    training.watch({ samples: true, weights: true });
    expect(await training.run()).toMatchObject({ finished: true, step: steps });
  }
  expect(named(withPictures.events, 'samples')).toHaveLength(1);
  expect(named(without.events, 'samples')).toEqual([]);
  // How many depends on how long it takes: they come at each checkpoint, and at the end.
  expect(named(without.events, 'weights').length).toBeGreaterThan(0);
});
