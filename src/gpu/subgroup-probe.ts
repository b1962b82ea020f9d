// Do subgroup operations work? Some drivers report subgroup sizes that their compiler does not use
// (https://github.com/gpuweb/gpuweb/blob/main/proposals/subgroups.md), so kernels whose answers are known decide.
import { withErrorScopes } from './errors.ts';
import { PipelineCache } from './pipelines.ts';

/** What a probe asks of a workgroup that is to be lanes of one subgroup, and three exchanges in which lane shows what lane ^ mask has. */
interface Probe {
  readonly lanes: 4 | 8;
  readonly masks: readonly [number, number, number];
  /** WGSL of an exchange of `lane`. */
  exchange(mask: number): string;
}

const directions = ['', 'X', 'Y', 'Diagonal'];

/** A workgroup of 4 is one quad. */
export const quads: Probe = {
  lanes: 4,
  masks: [1, 2, 3],
  exchange: (mask) => `quadSwap${directions[mask]}(lane)`,
};
/** A workgroup of 8 is in one subgroup. */
export const eights: Probe = {
  lanes: 8,
  masks: [1, 2, 4],
  exchange: (mask) => `subgroupShuffle(lane, lane ^ ${mask}u)`,
};

const workgroups = 8;

/** Each invocation writes its lane, and the lanes that the exchanges show it. */
const textOf = ({ lanes, masks, exchange }: Probe): string => `enable subgroups;
@group(0) @binding(0) var<storage, read_write> seen: array<vec4u>; // (workgroups, invocations): own, and by mask

@compute @workgroup_size(${lanes})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) invocation: u32,
) {
  let lane = invocation & ${lanes - 1}u;
  seen[group.x * ${lanes}u + local] = vec4u(lane, ${masks.map(exchange).join(', ')});
}
`;

/** (workgroups, lanes, 4) words of a probe: the lanes of each workgroup are all there in some order, and exchanges show lane ^ mask. */
export function isConsistent(seen: Uint32Array, { lanes, masks }: Probe): boolean {
  for (let group = 0; group < seen.length; group += 4 * lanes) {
    const there = new Set<number>();
    for (let i = group; i < group + 4 * lanes; i += 4) {
      const lane = seen[i]!;
      if (lane >= lanes || masks.some((mask, at) => seen[i + 1 + at] !== (lane ^ mask))) return false;
      there.add(lane);
    }
    if (there.size !== lanes) return false;
  }
  return seen.length > 0;
}

/**
 * True where a workgroup is lanes of one subgroup and its exchanges are right. False on any error, and without running anything where the device
 * lacks the feature.
 */
export async function probeSubgroups(device: GPUDevice, probe: Probe): Promise<boolean> {
  if (!device.features.has('subgroups')) return false;
  const label = 'subgroup probe';
  const size = workgroups * probe.lanes * 16;
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const seen = device.createBuffer({ label, size, usage: STORAGE | COPY_SRC });
  const readBack = device.createBuffer({ label, size, usage: COPY_DST | MAP_READ });
  try {
    const bindings = ['read_write'] as const;
    const pipelines = new PipelineCache({ device, check() {} });
    const pipeline = await pipelines.pipeline({ label, code: textOf(probe), bindings });
    await withErrorScopes(device, label, () => {
      const layout = pipelines.layout(bindings);
      const entries = [{ binding: 0, resource: { buffer: seen } }];
      const encoder = device.createCommandEncoder({ label });
      const pass = encoder.beginComputePass({ label });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ label, layout, entries }));
      pass.dispatchWorkgroups(workgroups);
      pass.end();
      encoder.copyBufferToBuffer(seen, 0, readBack, 0, size);
      device.queue.submit([encoder.finish()]);
    });
    await readBack.mapAsync(GPUMapMode.READ);
    return isConsistent(new Uint32Array(readBack.getMappedRange()), probe);
  } catch {
    return false;
  } finally {
    seen.destroy();
    readBack.destroy();
  }
}
