import { type GpuWork, stampsOfPass } from '../gpu/clock.ts';
import type { Dispatch } from './call.ts';

/** `repeats` dispatches in one pass. */
export function dispatchWork(dispatch: Dispatch): GpuWork {
  return {
    encode(encoder, repeats, stamps) {
      const pass = encoder.beginComputePass({ label: dispatch.label, ...stampsOfPass(stamps, true, true) });
      pass.setPipeline(dispatch.pipeline);
      pass.setBindGroup(0, dispatch.bindGroup);
      for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(...dispatch.workgroups);
      pass.end();
    },
  };
}
