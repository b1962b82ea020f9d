// Rows of a peers group: each peer's step or product is compared with the float64 reference, then timed by the wall clock, reading
// a result at the end of each sample, so that nothing can be left out.
import { randomStream } from '../../src/data/random.ts';
import type { OwnWork } from '../../src/gpu/clock.ts';
import type { Skipped, Validation, Work } from '../../src/measure/schema.ts';
import type { ReadyRow } from '../../src/measure/timed-group.ts';
import { type Comparison, compare, describeComparison, sumBound } from '../../src/reference/tolerance.ts';
import { agrees, type Truth, truthOf } from '../peers/agree.ts';
import { convOpFlops, convOpTruth, makeConvOp } from '../peers/conv-op.ts';
import { type ConvWork, convWorkLayers, makeConvWork } from '../peers/conv-work.ts';
import type { Peer, PeerKernel, PeerStep } from '../peers/peer.ts';
import { makeWork } from '../peers/work.ts';
import type {
  PeerConvGroup,
  PeerGroup,
  PeerMatmulGroup,
  PeerNetGroup,
  PeerStepGroup,
} from '../suites/peer-suite.ts';

export interface PeerRows {
  readonly rows: readonly ReadyRow[];
  readonly skipped: readonly Skipped[];
  destroy(): Promise<void>;
}

/** What one peer has ready. */
interface Ready {
  readonly timed: OwnWork;
  readonly validation: Validation;
  dispose(): Promise<void>;
}

export async function peerRows(peers: readonly Peer[], group: PeerGroup): Promise<PeerRows> {
  const prepare = preparerOf(group);
  const rows: ReadyRow[] = [];
  const skipped = [...group.skipped];
  const disposals: (() => Promise<void>)[] = [];
  for (const peer of peers.filter(({ name }) => group.rows.some((row) => row.name === name))) {
    const { name, version } = peer;
    try {
      const reason = (await peer.available()) ?? prepare.refuses(peer);
      if (reason !== undefined) {
        skipped.push({ name, reason });
        continue;
      }
      const ready = await prepare.make(peer);
      disposals.push(() => ready.dispose());
      const { ok, how } = ready.validation;
      rows.push({
        name,
        isDefault: false,
        validation: { ok, how: `${name} ${version} (${peer.describe()}): ${how}` },
        work: prepare.work,
        dispatches: 0,
        timed: ready.timed,
      });
    } catch (error) {
      // What a peer says that it cannot do is skipped; what it fails at is wrong.
      const how = `${name} ${version}: ${error instanceof Error ? error.message : String(error)}`;
      rows.push({
        name,
        isDefault: false,
        validation: { ok: false, how },
        work: prepare.work,
        dispatches: 0,
        timed: { run: async () => {} },
      });
    }
  }
  const destroy = async () => {
    for (const dispose of disposals) await dispose();
  };
  return { rows, skipped, destroy };
}

interface Preparer {
  readonly work: Work;
  refuses(peer: Peer): string | undefined;
  make(peer: Peer): Promise<Ready>;
}

function preparerOf(group: PeerGroup): Preparer {
  if (group.op === 'step') return stepPreparer(group);
  if (group.op === 'net-step') return netPreparer(group);
  return group.op === 'matmul' ? matmulPreparer(group) : convPreparer(group);
}

/** Steps and draws of the reference: of a convolutional net one takes seconds. */
const netTruth = [2, 1] as const;

function netPreparer({ net }: PeerNetGroup): Preparer {
  const work = makeConvWork({ name: net });
  const truth = truthOf(work, ...netTruth);
  return {
    work: { flops: stepFlops(work), bytes: 0 },
    refuses: (peer) => peer.refuses?.(work),
    make: async (peer) => checkedStep(await peer.makeConvStep(work), truth),
  };
}

/** Of forward, wgrad and, but for the first layer, dgrad: everything else is small beside them. */
function stepFlops(work: ConvWork): number {
  const { batchSize } = work;
  const products = convWorkLayers(work).filter(({ spec }) => spec.kind === 'conv' || spec.kind === 'linear');
  return products.reduce((sum, { spec, output, parameters }, i) => {
    const weights = parameters[0]!.torchShape.reduce((product, size) => product * size, 1);
    const places = spec.kind === 'conv' && !('features' in output) ? output.height * output.width : 1;
    return sum + 2 * batchSize * places * weights * (i === 0 ? 2 : 3);
  }, 0);
}

async function checkedStep(step: PeerStep, truth: Truth): Promise<Ready> {
  const { ok, text, worstRatio } = await agrees(step, truth);
  const how = `float64 reference, ${ok ? `largest error ${worstRatio.toFixed(2)} of its bound` : text}`;
  return { timed: step, validation: { ok, how }, dispose: () => step.dispose() };
}

function stepPreparer({ hidden }: PeerStepGroup): Preparer {
  const work = makeWork({ hidden });
  const truth = truthOf(work);
  const widths = [work.inputs, ...hidden, work.classes];
  // Forward, wgrad and, but for the first layer, dgrad; everything else is small beside them.
  const flops = widths
    .slice(1)
    .reduce(
      (sum, width, layer) => sum + 2 * work.batchSize * width * widths[layer]! * (layer === 0 ? 2 : 3),
      0,
    );
  return {
    work: { flops, bytes: 0 },
    refuses: (peer) => peer.refuses?.(work),
    make: async (peer) => checkedStep(await peer.makeStep(work), truth),
  };
}

/** Rows of c that are compared: all of a large product would take the reference minutes. */
const comparedRows = 16;

function matmulPreparer({ shape: { M, N, K } }: PeerMatmulGroup): Preparer {
  const random = randomStream(1, 'test', M + N + K);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const [a, b] = [normals(M * K), normals(K * N)];
  const chosen = Uint32Array.from({ length: Math.min(comparedRows, M) }, () => random.below(M));
  const expected = new Float64Array(chosen.length * N);
  const scale = new Float64Array(chosen.length * N);
  for (const [place, row] of chosen.entries()) {
    for (let k = 0; k < K; k++) {
      for (let n = 0; n < N; n++) {
        const product = a[row * K + k]! * b[k * N + n]!;
        expected[place * N + n]! += product;
        scale[place * N + n]! += Math.abs(product);
      }
    }
  }
  return {
    work: { flops: 2 * M * N * K, bytes: 4 * (M * K + K * N + M * N) },
    refuses: () => undefined,
    async make(peer) {
      const product = await peer.makeMatmul(a, b, M, N, K);
      return checkedKernel(product, `${chosen.length} rows, `, (c) => {
        const actual = Float64Array.from(expected, (_, i) => c[chosen[Math.floor(i / N)]! * N + (i % N)]!);
        return compare(actual, expected, sumBound(scale, K));
      });
    },
  };
}

function convPreparer({ convolution }: PeerConvGroup): Preparer {
  const op = makeConvOp(convolution);
  const compareWithTruth = convOpTruth(op);
  return {
    work: { flops: convOpFlops(op), bytes: 4 * (op.x.length + op.w.length + op.dy.length) },
    refuses: (peer) => peer.refuses?.(op),
    make: async (peer) => checkedKernel(await peer.makeConvOp(op), '', compareWithTruth),
  };
}

async function checkedKernel(
  kernel: PeerKernel,
  part: string,
  compareWithTruth: (result: Float32Array) => Comparison,
): Promise<Ready> {
  await kernel.run(1);
  const comparison = compareWithTruth(await kernel.result());
  const how = comparison.ok
    ? `largest error ${(comparison.worst?.ratio ?? 0).toFixed(2)} of its bound`
    : describeComparison(comparison);
  return {
    timed: kernel,
    validation: { ok: comparison.ok, how: `${part}float64 reference, ${how}` },
    dispose: () => kernel.dispose(),
  };
}
