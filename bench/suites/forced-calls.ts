/** Whether what `--variant` forces is to be timed at all. */
import type { Capabilities } from '../../src/gpu/device.ts';
import type { KernelCall } from '../../src/kernels/call.ts';
import { forcedPlan, requireForced } from '../../src/kernels/variant-choice.ts';
import type { KernelGroup } from '../../src/measure/kernel-group.ts';
import { recordCalls } from '../../src/measure/recorded-calls.ts';
import { hasNarrowTail, settingsOf, trainingImages } from './nets.ts';
import type { StepGroup } from './train-suite.ts';

/** @throws GpuError where a forced variant is refused everywhere in these groups, as `requireForced` */
export function requireForcedIn(
  groups: readonly (KernelGroup | StepGroup | { readonly suite: 'peaks' | 'peers' })[],
  forced: Readonly<Record<string, string>>,
  capabilities: Capabilities,
): void {
  if (Object.keys(forced).length === 0) return;
  const { fuseGather, oneWorkgroup } = forcedPlan(forced);
  const calls = groups.flatMap((group): readonly Omit<KernelCall, 'tensors'>[] => {
    if (group.suite === 'kernels') return [{ ...group, label: group.id }];
    if (group.suite !== 'train') return [];
    const settings = settingsOf(group.net, group.replicas);
    const plan = { fuseGather, oneWorkgroup: oneWorkgroup === true && hasNarrowTail(group.net) };
    return recordCalls({ settings, capabilities, images: trainingImages, ...plan });
  });
  requireForced(forced, calls, capabilities);
}
