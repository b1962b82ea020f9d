// Rows of a peers group: each peer's step or product is compared with the float64 reference, then timed by the wall clock, reading
// a result at the end of each sample, so that nothing can be left out.
import { randomStream } from '../../src/data/random.ts';
import type { OwnWork } from '../../src/gpu/clock.ts';
import type { Skipped, Validation, Work } from '../../src/measure/schema.ts';
import type { ReadyRow } from '../../src/measure/timed-group.ts';
import { compare, describeComparison, sumBound } from '../../src/reference/tolerance.ts';
import { agrees, truthOf } from '../peers/agree.ts';
import type { Peer } from '../peers/peer.ts';
import { makeWork } from '../peers/work.ts';
import type { PeerGroup, PeerMatmulGroup, PeerStepGroup } from '../suites/peer-suite.ts';

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
  const prepare = group.op === 'step' ? stepPreparer(group) : matmulPreparer(group);
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
    async make(peer) {
      const step = await peer.makeStep(work);
      const { ok, text, worstRatio } = await agrees(step, truth);
      const how = `float64 reference, ${ok ? `largest error ${worstRatio.toFixed(2)} of its bound` : text}`;
      return {
        timed: step,
        validation: { ok, how },
        dispose: () => step.dispose(),
      };
    },
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
      await product.run(1);
      const c = await product.result();
      const actual = Float64Array.from(expected, (_, i) => c[chosen[Math.floor(i / N)]! * N + (i % N)]!);
      const comparison = compare(actual, expected, sumBound(scale, K));
      const ratio = comparison.worst?.ratio ?? 0;
      const how = comparison.ok
        ? `largest error ${ratio.toFixed(2)} of its bound`
        : describeComparison(comparison);
      return {
        timed: product,
        validation: { ok: comparison.ok, how: `${chosen.length} rows, float64 reference, ${how}` },
        dispose: () => product.dispose(),
      };
    },
  };
}
