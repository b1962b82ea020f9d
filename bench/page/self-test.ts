// The harness on itself, on a real GPU: a kernel against the same kernel, and against one with twice the work. For the
// end-to-end test, through `Session.selfTest`.
import { requestGpu } from '../../src/gpu/device.ts';
import { Allocator } from '../../src/gpu/tensor.ts';
import { call, prepare } from '../../src/kernels/call.ts';
import { dispatchWork } from '../../src/kernels/dispatch-work.ts';
import { matmulForward } from '../../src/kernels/matmul.ts';
import { comparisonCount, rank } from '../../src/measure/compare.ts';
import { type ReadyRow, timeGroup } from '../../src/measure/timed-group.ts';

export interface SelfTest {
  /** Groups in which a difference between a kernel and itself was claimed. */
  readonly falseClaims: number;
  /** Groups in which twice the work was found to be slower. */
  readonly found: number;
}

const settings = { sampleNs: 1e6, budgetNs: 0, leastRounds: 21, leastSlowRounds: 7, mostRounds: 21 };

/** Measures `groups` groups of each kind. */
export async function selfTest(groups: number): Promise<SelfTest> {
  const gpu = await requestGpu(navigator.gpu);
  const allocator = new Allocator(gpu);
  const row = async (name: string, K: number): Promise<ReadyRow> => {
    const [M, N] = [100, 52];
    const tensors = {
      x: allocator.tensor('x', M * K),
      w: allocator.tensor('w', K * N),
      bias: allocator.tensor('bias', N),
      y: allocator.tensor('y', M * N),
    };
    const product = call(name, matmulForward, { M, N, K }, tensors);
    const dispatch = await prepare(gpu, (kernel) => kernel.variants[0]!, product);
    return {
      name,
      isDefault: false,
      validation: { ok: true, how: 'not needed' },
      work: matmulForward.cost({ M, N, K }),
      dispatches: 1,
      timed: dispatchWork(dispatch),
    };
  };
  const once = await row('once', 64);
  const twice = await row('twice', 128);
  const claims = async (name: string, rows: readonly ReadyRow[]): Promise<number> => {
    let count = 0;
    for (let seed = 0; seed < groups; seed++) {
      const id = `${name} ${seed}`;
      const about = { suite: 'kernels', id, op: 'self', title: id, usedBy: [], skipped: [] } as const;
      const group = await timeGroup(about, rows, { gpu, settings, seed, onRound: () => true });
      const ranking = rank(group, comparisonCount([group]));
      if (ranking?.rows.some(({ tied }) => !tied)) count++;
    }
    return count;
  };
  try {
    return {
      falseClaims: await claims('itself', [once, { ...once, name: 'again' }]),
      found: await claims('twice', [once, twice]),
    };
  } finally {
    allocator.destroy();
  }
}
