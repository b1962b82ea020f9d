/** Runs that cannot go on: a loss that is not finite, a device that is lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { GpuError } from '../../src/gpu/errors.ts';
import { NonFiniteLoss } from '../../src/train/finite.ts';
import type { TrainReport } from '../../src/train/report-window.ts';
import type { NonFinite } from '../../src/train/stats.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { quickChoice, sharedGpu } from './device.ts';
import {
  baseSettings,
  firstDifference,
  netOf,
  replica,
  type SyntheticDataset,
  syntheticDataset,
} from './synthetic.ts';

const options = { choose: quickChoice };

describe('a loss that is not finite', () => {
  let gpu: Gpu;
  let data: SyntheticDataset;
  beforeAll(async () => {
    gpu = await sharedGpu();
    data = syntheticDataset(gpu, 136, 20);
  });
  afterAll(() => data.dataset.destroy());

  /** A net without batch norm, whose second step from a huge rate overflows. */
  const settings = {
    ...baseSettings,
    net: netOf({ batchNorm: null }),
    schedule: { kind: 'constant', rate: 0.001 } as const,
  };

  async function losses(replicas: readonly ReturnType<typeof replica>[]) {
    const reports: TrainReport[] = [];
    const trainer = await Trainer.make(gpu, data.dataset, { ...settings, reportSteps: 1, replicas }, options);
    const error = await trainer
      .train({ onReport: (report) => reports.push(report) })
      .then(() => undefined)
      .catch((reason: unknown) => reason);
    await trainer.destroy();
    return { reports, error };
  }

  test.each([0, 1, 2])(
    'of replica %i of three: the run stops and names it and the step',
    async (diverging) => {
      const replicas = [11, 12, 13].map((seed, r) => replica(seed, 0.25, r === diverging ? 1e20 : 1));
      const { reports, error } = await losses(replicas);
      expect(error).toBeInstanceOf(NonFiniteLoss);
      const finite = reports.map(({ loss }) => loss.map((value) => Number.isFinite(value)));
      const step = finite.findIndex((row) => !row[diverging]);
      expect(step).toBeGreaterThan(0);
      expect((error as Error).message).toBe(
        `the loss of replica ${diverging} (seed ${11 + diverging}, lambda 0.25) is not finite at step ${step}: ` +
          'try a lower learning rate',
      );
      for (const row of finite) expect(row.filter((_, r) => r !== diverging)).toEqual([true, true]);
      expect(reports.length).toBeLessThan(settings.steps);
    },
  );

  test('of two replicas: the first step decides', async () => {
    const replicas = [replica(11, 0, 1e3), replica(12, 0, 1), replica(13, 0, 1e20)];
    const { reports, error } = await losses(replicas);
    const first = reports.findIndex(({ loss }) => loss.some((value) => !Number.isFinite(value)));
    const which = reports[first]!.loss.findIndex((value) => !Number.isFinite(value));
    expect((error as Error).message).toContain(
      `replica ${which} (seed ${11 + which}, lambda 0) is not finite at step ${first}`,
    );
  });

  test('taken by a callback: told once, and the others have the bits of a run without it', async () => {
    const replicas = [replica(11), replica(12, 0, 1e20), replica(13)];
    const trained = async (of: typeof replicas) => {
      const events: NonFinite[] = [];
      const trainer = await Trainer.make(
        gpu,
        data.dataset,
        { ...settings, reportSteps: 1, replicas: of },
        options,
      );
      expect(await trainer.train({ onNonFinite: (event) => events.push(event) })).toBe(true);
      const weights = await trainer.weights();
      await trainer.destroy();
      return { events, weights };
    };
    const { events, weights } = await trained(replicas);
    expect(events).toEqual([{ replica: 1, step: expect.any(Number) }]);
    const others = await trained([replicas[0]!, replicas[2]!]);
    expect(others.events).toEqual([]);
    expect(firstDifference(weights[0]!, others.weights[0]!)).toBeUndefined();
    expect(firstDifference(weights[2]!, others.weights[1]!)).toBeUndefined();
  });

  test('ends every run, until one is told of it and goes on with the others', async () => {
    const replicas = [replica(11), replica(12, 0, 1e20)];
    const all = { ...settings, reportSteps: 1, replicas };
    const trainer = await Trainer.make(gpu, data.dataset, all, options);
    for (let run = 0; run < 2; run++) await expect(trainer.train()).rejects.toThrow(NonFiniteLoss);
    expect(trainer.step).toBeLessThan(all.steps);
    expect(await trainer.train({ onNonFinite() {} })).toBe(true);
    expect(trainer.step).toBe(all.steps);
    expect(await trainer.train()).toBe(true);
    await trainer.destroy();
  });

  test('none with a usual rate', async () => {
    expect((await losses([replica(11), replica(12)])).error).toBeUndefined();
  });
});

describe('a lost device', () => {
  /** Trains on a device of its own, which `lose` ends; nothing may be reported once its loss is known. */
  async function lostRun(lose: (gpu: Gpu, report: TrainReport) => void) {
    const steps = 1_000_000; // More than any machine makes before the device is lost.
    const gpu = await requestGpu(navigator.gpu);
    const { dataset } = syntheticDataset(gpu, 64, 8);
    const settings = { ...baseSettings, valSize: 0, steps, reportSteps: 2 };
    const trainer = await Trainer.make(gpu, dataset, settings, options);
    let lost = false;
    void gpu.device.lost.then(() => {
      lost = true;
    });
    let reportsAfterLoss = 0;
    let checkpointsAfterLoss = 0;
    const error = await trainer
      .train({
        onReport: (report) => {
          if (lost) reportsAfterLoss++;
          lose(gpu, report);
        },
        onCheckpoint: () => {
          if (lost) checkpointsAfterLoss++;
        },
      })
      .then(() => undefined)
      .catch((reason: unknown) => reason);
    return { trainer, error, reportsAfterLoss: () => reportsAfterLoss, checkpointsAfterLoss };
  }

  test.each([2, 4, 10])('destroyed at the report of step %i', async (at) => {
    const { trainer, error, reportsAfterLoss, checkpointsAfterLoss } = await lostRun((gpu, { step }) => {
      if (step === at) gpu.device.destroy();
    });
    expect(error).toBeInstanceOf(GpuError);
    expect((error as Error).message).toMatch(/^the GPU device was lost \(destroyed\)/);
    expect(checkpointsAfterLoss).toBe(0);
    expect(trainer.step).toBeLessThan(1_000_000);

    for (const what of ['weights', 'checkpoint'] as const) {
      await expect(trainer[what](), what).rejects.toBeInstanceOf(GpuError);
    }
    await expect(trainer.evaluate('test')).rejects.toBeInstanceOf(GpuError);
    await expect(trainer.train()).rejects.toBeInstanceOf(GpuError);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reportsAfterLoss()).toBe(0);
    await trainer.destroy();
  });

  test('destroyed while steps are under way', async () => {
    let isSet = false;
    const { error, reportsAfterLoss } = await lostRun((gpu) => {
      if (!isSet) setTimeout(() => gpu.device.destroy(), 25);
      isSet = true;
    });
    expect(error).toBeInstanceOf(GpuError);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reportsAfterLoss()).toBe(0);
  });

  test('an error of the device outside its scopes ends the run', async () => {
    const { error } = await lostRun(({ device }, { step }) => {
      if (step === 4)
        device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    });
    expect(error).toBeInstanceOf(GpuError);
    expect((error as Error).message).toMatch(/^WebGPU reports: /);
  });
});

test('a trainer that was destroyed says so, and the device goes on', async () => {
  const gpu = await sharedGpu();
  const { dataset } = syntheticDataset(gpu, 136, 20);
  const settings = { ...baseSettings, steps: 4 };
  const trainer = await Trainer.make(gpu, dataset, settings, options);
  await trainer.destroy();
  const freed = /: its buffers were freed$/;
  await expect(trainer.train()).rejects.toThrow('this trainer was destroyed');
  await expect(trainer.weights()).rejects.toThrow(freed);
  await expect(trainer.checkpoint()).rejects.toThrow(freed);
  await gpu.device.queue.onSubmittedWorkDone();
  gpu.check();
  const next = await Trainer.make(gpu, dataset, settings, options);
  await next.train();
  await next.destroy();
  dataset.destroy();
});
