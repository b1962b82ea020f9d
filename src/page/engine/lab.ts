// The laboratory of kernels in the page's worker: what `npm run bench` measures with, on this adapter.
import { datasetOf } from '../../data/datasets/index.ts';
import { splitImages } from '../../data/record-set.ts';
import type { Gpu } from '../../gpu/device.ts';
import { Allocator } from '../../gpu/tensor.ts';
import type { Kernel, Shape } from '../../kernels/kernel.ts';
import { matmulDgrad, matmulForward, matmulWgrad } from '../../kernels/matmul.ts';
import { defaultChoice, forcedChoice, forcedPlan } from '../../kernels/variant-choice.ts';
import { againName } from '../../measure/again-name.ts';
import { type KernelGroup, kernelGroup } from '../../measure/kernel-group.ts';
import { kernelRows } from '../../measure/kernel-rows.ts';
import type { MeasureSettings } from '../../measure/measure.ts';
import { peakGroups, peakRows } from '../../measure/peak-groups.ts';
import { recordCalls } from '../../measure/recorded-calls.ts';
import type { Group, StepProfile } from '../../measure/schema.ts';
import { profilePlan } from '../../measure/step-profile.ts';
import { timeGroup } from '../../measure/timed-group.ts';
import { Trainer } from '../../train/trainer.ts';
import { withComments } from './commented-shaders.ts';
import type { DataStore } from './data-store.ts';
import type { Device } from './device.ts';
import { EngineError } from './engine-error.ts';
import type { EngineCalls, EngineEvent, LabGroup, LabRequest, LabResult } from './protocol.ts';

const ms = 1e6;
/** Those of `npm run bench -- --quick`. */
const kernelSettings: MeasureSettings = {
  sampleNs: 2 * ms,
  budgetNs: 600 * ms,
  leastRounds: 21,
  leastSlowRounds: 2,
  mostRounds: 41,
};
const peakSettings: MeasureSettings = { ...kernelSettings, sampleNs: 8 * ms, budgetNs: 1200 * ms };

/** Of the profile of a step. */
const profileEffort = { steps: 31, budgetMs: 2000 };

export class Lab {
  readonly #device: Device;
  readonly #store: DataStore;
  readonly #post: (event: EngineEvent) => void;
  #groups = new Map<string, KernelGroup>();
  #peaks: { readonly gpu: Gpu; readonly groups: readonly Group[] } | undefined;
  #isStopped = false;

  constructor(device: Device, store: DataStore, post: (event: EngineEvent) => void) {
    this.#device = device;
    this.#store = store;
    this.#post = post;
  }

  /** The groups of a net's step, fused and apart, and of matrix products of the size that was asked for. */
  async groups({ settings, product }: LabRequest): Promise<readonly LabGroup[]> {
    const { gpu } = await this.#device.open();
    const { capabilities } = gpu;
    const found = new Map<string, KernelGroup>();
    const add = (kernel: Kernel, shape: Shape, replicas: number, usedBy?: string) => {
      const group = kernelGroup(kernel, shape, replicas, { capabilities, forced: {} });
      const known = found.get(group.id) ?? group;
      if (usedBy !== undefined && !known.usedBy.includes(usedBy)) known.usedBy.push(usedBy);
      found.set(group.id, known);
    };
    if (product !== null) {
      for (const kernel of [matmulForward, matmulWgrad, matmulDgrad]) {
        add(kernel as unknown as Kernel, product, 1);
      }
    }
    const images = splitImages(datasetOf(settings), 'train') - settings.valSize;
    for (const fuseGather of capabilities.software ? [true, false] : [false]) {
      for (const { label, kernel, shape } of recordCalls({
        settings,
        capabilities,
        images,
        fuseGather,
      })) {
        add(kernel, shape, settings.replicas.length, label);
      }
    }
    this.#groups = found;
    return Array.from(found.values(), ({ id, op, title, usedBy, defaultVariant, variants, skipped }) => ({
      id,
      op,
      title,
      usedBy,
      defaultVariant,
      variants: variants.map(({ name }) => name),
      skipped,
    }));
  }

  /** @throws EngineError `stopped`: half a measurement says nothing */
  async measure(id: string, wanted: readonly string[]): Promise<LabResult> {
    this.#isStopped = false;
    const listed = this.#groups.get(id);
    if (listed === undefined) throw new EngineError('failed', `there is no group ${id}`);
    const { gpu } = await this.#device.open();
    const group = { ...listed, variants: listed.variants.filter(({ name }) => wanted.includes(name)) };
    const { suite, op, title, usedBy, skipped } = group;
    this.#post({ event: 'lab', what: `${title}: compiling and checking`, done: 0, total: 0 });
    const allocator = new Allocator(gpu);
    try {
      const ready = await kernelRows(gpu, allocator, group, {
        quick: true,
        written: withComments,
      });
      this.#requireGoingOn();
      const first = ready.rows.find((row) => row.isDefault && row.validation.ok) ?? ready.rows[0];
      const again = first?.validation.ok ? [{ ...first, name: againName(first.name), isDefault: false }] : [];
      const about = { suite, id, op, title, usedBy, skipped: [...skipped, ...ready.skipped] };
      const timed = await timeGroup(about, [...ready.rows, ...again], {
        gpu,
        settings: kernelSettings,
        seed: 1,
        onRound: (done, total) => this.#round(title, done, total),
      });
      this.#requireGoingOn();
      return { group: timed, sources: ready.sources };
    } finally {
      allocator.destroy();
    }
  }

  /** Measured once for a device. @throws EngineError `stopped` */
  async peaks(): Promise<readonly Group[]> {
    this.#isStopped = false;
    const { gpu } = await this.#device.open();
    if (this.#peaks?.gpu === gpu) return this.#peaks.groups;
    const groups: Group[] = [];
    for (const group of peakGroups(gpu)) {
      this.#requireGoingOn();
      const allocator = new Allocator(gpu);
      try {
        const { suite, id, op, title, usedBy, skipped } = group;
        const rows = await peakRows(gpu, allocator, group);
        const about = { suite, id, op, title, usedBy, skipped };
        groups.push(
          await timeGroup(about, rows, {
            gpu,
            settings: peakSettings,
            seed: 1,
            onRound: (done, total) => this.#round(`peak: ${title}`, done, total),
          }),
        );
      } finally {
        allocator.destroy();
      }
    }
    this.#requireGoingOn();
    this.#peaks = { gpu, groups };
    return groups;
  }

  /** A step is replayed: whatever the images are normalised by is as good as any, and a run that is paused needs its own. */
  async profile({
    title,
    settings,
    variants,
  }: EngineCalls['labProfile']['takes']): Promise<StepProfile | null> {
    const { gpu } = await this.#device.open();
    this.#post({ event: 'lab', what: `${title}: compiling`, done: 0, total: 0 });
    const count = splitImages(datasetOf(settings), 'train') - settings.valSize;
    const wanted = { count, by: settings.normalisation };
    const { signal } = new AbortController();
    const dataset =
      this.#device.loaded ?? (await this.#device.dataset(gpu, this.#store, wanted, signal, () => {}));
    await dataset.arrived;
    const trainer = await Trainer.make(gpu, dataset, settings, {
      choose: forcedChoice(variants, defaultChoice),
      forced: variants,
      ...forcedPlan(variants),
    });
    try {
      const row = Object.keys(variants).length === 0 ? 'default' : 'forced';
      return (await profilePlan(gpu, trainer.plan, title, row, profileEffort)) ?? null;
    } finally {
      await trainer.destroy();
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  #requireGoingOn(): void {
    if (this.#isStopped) throw new EngineError('stopped', 'the measurement was stopped');
  }

  #round(what: string, done: number, total: number): boolean {
    this.#post({ event: 'lab', what, done, total });
    return !this.#isStopped;
  }
}
