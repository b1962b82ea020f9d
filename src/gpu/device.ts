import { type AdapterTraits, kindOf, traitsOf } from './adapter-kind.ts';
import { GpuError } from './errors.ts';
import { PipelineCache } from './pipelines.ts';
import { eights, probeSubgroups, quads } from './subgroup-probe.ts';

/** What kernels may ask of an adapter before they agree to run on it. */
export interface Capabilities extends AdapterTraits {
  /** `enable subgroups;` may be used, and operations of quads gave right answers in the probe. */
  readonly subgroups: boolean;
  /** A workgroup of eight is in one subgroup, and its shuffles gave right answers in the probe. */
  readonly eightLanes: boolean;
  readonly maxWorkgroupStorageSize: number;
  readonly maxInvocationsPerWorkgroup: number;
  readonly maxWorkgroupsPerDimension: number;
  /** The adapter computes on the CPU (SwiftShader, lavapipe): few wide-ish lanes, cheap arithmetic, dear memory accesses. */
  readonly software: boolean;
}

/** Who computes: for reports, and for keys of anything measured on it. */
export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly software: boolean;
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
}

/** A device with what the engine knows about it. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly capabilities: Capabilities;
  /** What was compiled for it: a second training of a net compiles nothing. */
  readonly pipelines: PipelineCache;
  /** Timestamps in passes are available. */
  readonly timestamps: boolean;
  /**
   * Rejects with a GpuError at device loss or at the first error outside an error scope, such as a buffer that memory does not suffice for; never
   * resolves. The device is of no use afterwards: request another one.
   */
  readonly failure: Promise<never>;
  /** Throws what `failure` rejected with, where it has. Called after each await, since a lost device still resolves promises. */
  check(): void;
}

const softwareAdapters = /swiftshader|llvmpipe|lavapipe/i;

/** Describes an adapter; older browsers leave fields empty. */
export function describeAdapter(info: GPUAdapterInfo): AdapterDescription {
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    software: info.isFallbackAdapter || softwareAdapters.test(names),
    subgroupMinSize: info.subgroupMinSize ?? 0,
    subgroupMaxSize: info.subgroupMaxSize ?? 0,
  };
}

/** One line for people, such as `google swiftshader, SwiftShader Device (Subzero), software, subgroups of 4`. */
export function adapterName(adapter: AdapterDescription): string {
  const names = [`${adapter.vendor} ${adapter.architecture}`.trim(), adapter.description];
  const parts = names.filter((name) => name !== '');
  // Firefox says nothing of an adapter.
  if (parts.length === 0) parts.push('an adapter without a name');
  if (adapter.software) parts.push('software');
  if (adapter.subgroupMaxSize > 0) {
    const { subgroupMinSize: min, subgroupMaxSize: max } = adapter;
    parts.push(min === max ? `subgroups of ${max}` : `subgroups of ${min} to ${max}`);
  }
  return parts.join(', ');
}

/**
 * Limits worth asking for beyond the defaults, as far as the adapter goes: the data set is one buffer of 153 MB where there is room, and
 * large blocks of a matrix product want workgroup memory and invocations. Nothing fails without them.
 */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

/** Who gave devices. Dawn for Node (webgpu 0.6.2) ends the process where one is collected while a device of it works. */
const givers = new Set<GPU>();

/**
 * Requests a device with the features and limits that the engine uses.
 * @throws GpuError saying what is missing: WebGPU itself, an adapter, or a device.
 */
export async function requestGpu(gpu: GPU | undefined): Promise<Gpu> {
  if (gpu === undefined) {
    throw new GpuError(
      'this browser has no WebGPU (navigator.gpu is missing): use a current Chrome, Edge, Firefox or Safari over https or localhost',
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new GpuError(
      'WebGPU finds no adapter: the graphics driver is missing or blocked (chrome://gpu tells which)',
    );
  }
  const requiredFeatures = (['timestamp-query', 'subgroups'] as const).filter((name) =>
    adapter.features.has(name),
  );
  const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]));
  const descriptor = { label: 'wgrad', requiredFeatures, requiredLimits };
  const device = await adapter.requestDevice(descriptor).catch((error: Error) => {
    throw new GpuError(`the adapter gives no device: ${error.message}`);
  });
  givers.add(gpu);
  return wrapDevice(device, describeAdapter(adapter.info));
}

/** Wraps a device that somebody else made (a page with its own rendering, Dawn for Node). */
export async function wrapDevice(device: GPUDevice, adapter: AdapterDescription): Promise<Gpu> {
  let failed: GpuError | undefined;
  const failure = new Promise<never>((_, reject) => {
    const fail = (error: GpuError) => {
      failed ??= error;
      reject(failed);
    };
    device.addEventListener('uncapturederror', (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      const what =
        error instanceof GPUOutOfMemoryError
          ? 'out of GPU memory: use fewer replicas, smaller batches or a smaller net'
          : 'WebGPU reports';
      fail(new GpuError(`${what}: ${error.message}`));
    });
    void device.lost.then((info) =>
      fail(new GpuError(`the GPU device was lost (${info.reason}): ${info.message}`)),
    );
  });
  failure.catch(() => {}); // Whoever awaits it gets it; nobody is obliged to.
  // One after the other: error scopes must not overlap.
  const subgroups = await probeSubgroups(device, quads);
  const eightLanes = adapter.subgroupMaxSize >= 8 && (await probeSubgroups(device, eights));
  const check = () => {
    if (failed !== undefined) throw failed;
  };
  return {
    device,
    adapter,
    pipelines: new PipelineCache({ device, check }),
    capabilities: {
      subgroups,
      eightLanes,
      maxWorkgroupStorageSize: device.limits.maxComputeWorkgroupStorageSize,
      maxInvocationsPerWorkgroup: device.limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupsPerDimension: device.limits.maxComputeWorkgroupsPerDimension,
      software: adapter.software,
      ...traitsOf(kindOf(adapter)),
    },
    timestamps: device.features.has('timestamp-query'),
    failure,
    check,
  };
}
