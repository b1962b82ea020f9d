// What measures: opens the device, lists the groups, measures one at a time. In a page of Chrome (main.ts) or in Node (../node-session.ts).

import type { GpuWork } from '../../src/gpu/clock.ts';
import { adapterName, type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { Allocator } from '../../src/gpu/tensor.ts';
import type { KernelGroup } from '../../src/measure/kernel-group.ts';
import { kernelRows } from '../../src/measure/kernel-rows.ts';
import { controlWork, type PeakGroup, peakGroups, peakRows } from '../../src/measure/peak-groups.ts';
import { profilePlan } from '../../src/measure/step-profile.ts';
import { type TimingRequest, timeGroup } from '../../src/measure/timed-group.ts';
import type { Peer } from '../peers/peer.ts';
import type {
  BenchPage,
  ListedGroup,
  ListRequest,
  MeasureRequest,
  MeasureResult,
  Opened,
} from '../protocol.ts';
import { requireForcedIn } from '../suites/forced-calls.ts';
import { kernelGroups } from '../suites/kernel-suite.ts';
import { trainingImages } from '../suites/nets.ts';
import { type PeerGroup, peerGroups } from '../suites/peer-suite.ts';
import { type StepGroup, stepGroups } from '../suites/train-suite.ts';
import { type BenchData, makeBenchData } from './bench-data.ts';
import { peerRows } from './peer-rows.ts';
import type { SelfTest } from './self-test.ts';
import { stepRows } from './step-rows.ts';

/** Limits that decide what runs, and how. */
const reportedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBuffersPerShaderStage',
] as const;

type AnyGroup = PeakGroup | KernelGroup | StepGroup | PeerGroup;

/** What a host gives: WebGPU, an ear for rounds, and other engines where it has them. */
export interface BenchHost {
  readonly gpu: GPU | undefined;
  /** Loads them: megabytes, which an installation without development packages lacks. */
  readonly peers?: () => Promise<readonly Peer[]>;
  onRound(done: number, planned: number): void;
}

export class Bench implements BenchPage {
  readonly #host: BenchHost;
  #gpu!: Gpu;
  #groups = new Map<string, AnyGroup>();
  #data: BenchData | undefined;
  #peers: readonly Peer[] = [];
  #control: GpuWork | undefined;
  #stopped = false;

  constructor(host: BenchHost) {
    this.#host = host;
  }

  async open(): Promise<Opened> {
    this.#gpu = await requestGpu(this.#host.gpu);
    const { adapter, device, timestamps } = this.#gpu;
    const limits = Object.fromEntries(reportedLimits.map((name) => [name, device.limits[name]]));
    return { adapter, adapterName: adapterName(adapter), limits, timestamps };
  }

  /** @throws GpuError where a variant that is forced computes nothing of what these suites have */
  async list({ suites, quick, forced, net }: ListRequest): Promise<readonly ListedGroup[]> {
    const { capabilities } = this.#gpu;
    const groups: AnyGroup[] = [];
    if (suites.includes('peaks')) groups.push(...peakGroups(this.#gpu));
    if (suites.includes('kernels'))
      groups.push(...(await kernelGroups({ capabilities, quick, forced, net })));
    if (suites.includes('train')) groups.push(...stepGroups({ quick, forced, net }));
    if (suites.includes('peers')) {
      if (this.#host.peers === undefined) throw new Error('there are no other engines on this host');
      this.#peers = await this.#host.peers();
      const names = this.#peers.map(({ name }) => name);
      groups.push(...peerGroups(quick, names));
    }
    requireForcedIn(groups, forced, capabilities);
    this.#groups = new Map(groups.map((group) => [`${group.suite} ${group.id}`, group]));
    return groups.map((group) => ({
      suite: group.suite,
      id: group.id,
      title: group.title,
      rows: rowNames(group),
      skipped: group.skipped,
    }));
  }

  async measure(request: MeasureRequest): Promise<MeasureResult> {
    const group = this.#groups.get(`${request.suite} ${request.id}`);
    if (group === undefined) throw new Error(`no group ${request.suite} ${request.id}`);
    this.#stopped = false;
    this.#control ??= await controlWork(this.#gpu);
    const timing: TimingRequest = {
      gpu: this.#gpu,
      settings: request.settings,
      seed: request.seed,
      control: group.suite === 'peaks' ? undefined : this.#control,
      alsoWall: group.suite === 'train',
      onRound: (done, planned) => {
        this.#host.onRound(done, planned);
        return !this.#stopped;
      },
    };
    if (group.suite === 'train') return this.#measureSteps(group, timing, request);
    if (group.suite === 'peers') return this.#measurePeers(group, timing);
    const allocator = new Allocator(this.#gpu);
    try {
      const { suite, id, op, title, usedBy, skipped } = group;
      const ready =
        group.suite === 'peaks'
          ? { rows: await peakRows(this.#gpu, allocator, group), skipped: [] }
          : await kernelRows(this.#gpu, allocator, group, request);
      const about = { suite, id, op, title, usedBy, skipped: [...skipped, ...ready.skipped] };
      const timed = await timeGroup(about, ready.rows, timing);
      return { group: timed, profiles: [] };
    } finally {
      allocator.destroy();
    }
  }

  async selfTest(groups: number): Promise<SelfTest> {
    return (await import('./self-test.ts')).selfTest(groups);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #measurePeers(group: PeerGroup, timing: TimingRequest): Promise<MeasureResult> {
    const ready = await peerRows(this.#peers, group);
    try {
      const { suite, id, op, title, usedBy } = group;
      const about = { suite, id, op, title, usedBy, skipped: ready.skipped };
      return { group: await timeGroup(about, ready.rows, timing), profiles: [] };
    } finally {
      await ready.destroy();
    }
  }

  async #measureSteps(
    group: StepGroup,
    timing: TimingRequest,
    { profile }: MeasureRequest,
  ): Promise<MeasureResult> {
    this.#data ??= makeBenchData(this.#gpu, trainingImages);
    const steps = await stepRows(this.#gpu, this.#data, group);
    try {
      const { suite, id, op, title, usedBy } = group;
      const about = { suite, id, op, title, usedBy, skipped: steps.skipped };
      const timed = await timeGroup(about, steps.rows, timing);
      const plan = steps.plans.get('default');
      const isRight = timed.rows.some(({ name, validation }) => name === 'default' && validation.ok);
      const profiled =
        plan !== undefined && isRight && !this.#stopped
          ? await profilePlan(this.#gpu, plan, id, 'default', profile)
          : undefined;
      return { group: timed, profiles: profiled === undefined ? [] : [profiled] };
    } finally {
      await steps.destroy();
    }
  }
}

function rowNames(group: AnyGroup): string[] {
  if (group.suite === 'kernels') return group.variants.map(({ name }) => name);
  return (group.suite === 'peaks' ? group.kernels : group.rows).map(({ name }) => name);
}
