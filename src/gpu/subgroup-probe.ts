// Do quad operations work? Some drivers report subgroup sizes that their compiler does not use
// (https://github.com/gpuweb/gpuweb/blob/main/proposals/subgroups.md), so a kernel whose answer is known decides.
import { withErrorScopes } from './errors.ts';

const workgroups = 8;
const wordsPerWorkgroup = 16;

/** Each invocation of a workgroup of 4 writes its lane, and the lane that each quad swap shows it. */
const probe = `enable subgroups;
@group(0) @binding(0) var<storage, read_write> seen: array<vec4u>; // (workgroups, 4 invocations): own, X, Y, diagonal

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) invocation: u32,
) {
  let lane = invocation & 3u;
  seen[group.x * 4u + local] = vec4u(lane, quadSwapX(lane), quadSwapY(lane), quadSwapDiagonal(lane));
}
`;

/** (workgroups, 4, 4) words of the probe: the lanes of each workgroup are 0..3 in some order, and swaps are lane ^ 1, 2, 3. */
export function isConsistent(seen: Uint32Array): boolean {
  for (let group = 0; group < seen.length; group += wordsPerWorkgroup) {
    let lanes = 0;
    for (let i = group; i < group + wordsPerWorkgroup; i += 4) {
      const lane = seen[i]!;
      if (lane > 3) return false;
      lanes |= 1 << lane;
      if (seen[i + 1] !== (lane ^ 1) || seen[i + 2] !== (lane ^ 2) || seen[i + 3] !== (lane ^ 3))
        return false;
    }
    if (lanes !== 0b1111) return false;
  }
  return seen.length > 0;
}

/**
 * Runs the probe: true where a workgroup of 4 invocations is one quad and its swaps are right. False on any error, and
 * without running anything where the device lacks the feature.
 */
export async function probeSubgroups(device: GPUDevice): Promise<boolean> {
  if (!device.features.has('subgroups')) return false;
  const label = 'subgroup probe';
  const size = workgroups * wordsPerWorkgroup * 4;
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const seen = device.createBuffer({ label, size, usage: STORAGE | COPY_SRC });
  const readBack = device.createBuffer({ label: `${label} read-back`, size, usage: COPY_DST | MAP_READ });
  try {
    await withErrorScopes(device, label, () => {
      const encoder = device.createCommandEncoder({ label });
      encodeProbe(device, encoder, label, seen);
      encoder.copyBufferToBuffer(seen, 0, readBack, 0, size);
      device.queue.submit([encoder.finish()]);
    });
    await readBack.mapAsync(GPUMapMode.READ);
    return isConsistent(new Uint32Array(readBack.getMappedRange()));
  } catch {
    return false;
  } finally {
    seen.destroy();
    readBack.destroy();
  }
}

function encodeProbe(device: GPUDevice, encoder: GPUCommandEncoder, label: string, seen: GPUBuffer): void {
  const layout = device.createBindGroupLayout({
    label,
    entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } }],
  });
  const pipeline = device.createComputePipeline({
    label,
    layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ label, code: probe }), entryPoint: 'main' },
  });
  const entries = [{ binding: 0, resource: { buffer: seen } }];
  const pass = encoder.beginComputePass({ label });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ label, layout, entries }));
  pass.dispatchWorkgroups(workgroups);
  pass.end();
}
