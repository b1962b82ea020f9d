/**
 * jax-js (https://github.com/ekzhang/jax-js) on one of its devices: the whole step, gradients and Adam included, is one
 * jitted function from the old state to the new one.
 *
 * jax-js counts references: a function owns its arguments and uses each exactly once; `.ref` is one more use.
 */
import { init, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import jaxPackage from '../../node_modules/@jax-js/jax/package.json' with { type: 'json' };
import { JaxConvStep } from './jax-conv.ts';
import { jaxConvOp } from './jax-conv-op.ts';
import { jaxKernel } from './jax-kernel.ts';
import { computed, type Waiting } from './jax-wait.ts';
import type { Peer, PeerKernel, PeerStep } from './peer.ts';
import { oneHot, type StepWork, stateDict, type WorkLayer, workLayers } from './work.ts';

export type JaxDevice = 'webgpu' | 'wasm';

/** A hidden layer's parameters. Types, not interfaces: jax-js asks that of its trees. */
type Hidden = { w: np.Array; gamma: np.Array; beta: np.Array };
type Params = { hidden: Hidden[]; last: { w: np.Array; bias: np.Array } };
type Stats = { mean: np.Array; variance: np.Array }[];
type State = {
  params: Params;
  mu: Params;
  nu: Params;
  running: Stats;
  /** b1^t and b2^t after t steps, scalars. */
  b1t: np.Array;
  b2t: np.Array;
};

/** Logits of x (B, inputs), and the batch statistics of each hidden layer. */
function forward(params: Params, x: np.Array, eps: number): { logits: np.Array; stats: Stats } {
  const stats: Stats = [];
  let value = x;
  for (const { w, gamma, beta } of params.hidden) {
    const z = np.dot(value, w);
    const mean = np.mean(z.ref, 0);
    const centred = z.sub(mean.ref);
    const variance = np.mean(np.square(centred.ref), 0);
    const normalised = centred.div(np.sqrt(variance.ref.add(eps)));
    value = nn.relu(normalised.mul(gamma).add(beta));
    stats.push({ mean, variance });
  }
  return { logits: np.dot(value, params.last.w).add(params.last.bias), stats };
}

/** The jitted step of a work; it runs on the device of its arguments. */
function makeJitted(work: StepWork) {
  const { batchNorm, batchSize, lambda, learningRate, optimizer } = work;
  const { b1, b2, eps } = optimizer;

  function cost(params: Params, x: np.Array, labels: np.Array) {
    const squares = [...params.hidden, params.last].map(({ w }) => np.sum(np.square(w.ref)));
    const l2 = squares.reduce((sum, square) => sum.add(square)).mul(lambda);
    const { logits, stats } = forward(params, x, batchNorm.eps);
    const loss = np.sum(nn.logSoftmax(logits).mul(labels)).mul(-1 / batchSize);
    return [loss.ref.add(l2), { loss, stats }] as [np.Array, { loss: np.Array; stats: Stats }];
  }

  function step(state: State, x: np.Array, labels: np.Array): [State, np.Array] {
    const [[total, { loss, stats }], grads] = valueAndGrad(cost, { hasAux: true })(
      tree.ref(state.params),
      x,
      labels,
    ) as unknown as [ReturnType<typeof cost>, Params];
    total.dispose();
    const b1t = state.b1t.mul(b1);
    const b2t = state.b2t.mul(b2);
    const mu = tree.map(
      (m: np.Array, g: np.Array) => m.mul(b1).add(g.mul(1 - b1)),
      state.mu,
      tree.ref(grads),
    ) as Params;
    const nu = tree.map(
      (v: np.Array, g: np.Array) => v.mul(b2).add(np.square(g).mul(1 - b2)),
      state.nu,
      grads,
    ) as Params;
    const correction1 = np.subtract(1, b1t.ref);
    const correction2 = np.subtract(1, b2t.ref);
    const params = tree.map(
      (w: np.Array, m: np.Array, v: np.Array) =>
        w.sub(
          m
            .div(correction1.ref)
            .mul(learningRate)
            .div(np.sqrt(v.div(correction2.ref)).add(eps)),
        ),
      state.params,
      tree.ref(mu),
      tree.ref(nu),
    ) as Params;
    correction1.dispose();
    correction2.dispose();
    const average = (old: np.Array, fresh: np.Array) =>
      old.mul(1 - batchNorm.statsMomentum).add(fresh.mul(batchNorm.statsMomentum));
    const running = tree.map(average, state.running, stats) as Stats;
    return [{ params, mu, nu, running, b1t, b2t }, loss];
  }

  return jit(step);
}

function initialState(layers: readonly WorkLayer[], device: JaxDevice): State {
  const matrix = ({ w, inputs, outputs }: WorkLayer) => np.array(w, { shape: [inputs, outputs], device });
  const vector = (values: Float32Array<ArrayBuffer>) => np.array(values, { device });
  const hidden = layers.slice(0, -1);
  const last = layers.at(-1)!;
  const make = (): Params => ({
    hidden: hidden.map((layer) => ({
      w: matrix(layer),
      gamma: vector(layer.bn!.gamma),
      beta: vector(layer.bn!.beta),
    })),
    last: { w: matrix(last), bias: vector(last.bias!) },
  });
  const zeros = () => tree.map((values: np.Array) => np.zerosLike(values), make()) as Params;
  return {
    params: make(),
    mu: zeros(),
    nu: zeros(),
    running: hidden.map(({ bn }) => ({ mean: vector(bn!.mean), variance: vector(bn!.variance) })),
    b1t: np.array(1, { device }),
    b2t: np.array(1, { device }),
  };
}

const float32 = async (values: np.Array): Promise<Float32Array> =>
  Float32Array.from((await values.ref.data()) as Float32Array);

class JaxStep implements PeerStep {
  readonly #layers: readonly WorkLayer[];
  readonly #step: ReturnType<typeof makeJitted>;
  readonly #x: np.Array;
  readonly #labels: np.Array;
  readonly #waiting: Waiting;
  #state: State;
  #loss: np.Array | undefined;

  constructor(work: StepWork, device: JaxDevice, waiting: Waiting) {
    const { batchSize, inputs, classes } = work;
    this.#waiting = waiting;
    this.#layers = workLayers(work);
    this.#step = makeJitted(work);
    this.#x = np.array(work.x, { shape: [batchSize, inputs], device });
    this.#labels = np.array(oneHot(work), { shape: [batchSize, classes], device });
    this.#state = initialState(this.#layers, device);
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.#loss?.dispose();
      [this.#state, this.#loss] = this.#step(this.#state, this.#x.ref, this.#labels.ref);
      // Its users wait for each step, which keeps the number of live buffers down.
      await computed([this.#loss], this.#waiting);
    }
    await this.#state.params.last.bias.ref.data();
  }

  async loss(): Promise<number> {
    return (await this.#loss!.ref.data())[0]!;
  }

  async parameters(): Promise<Record<string, Float32Array>> {
    const { params, running } = this.#state;
    const hidden = params.hidden.map(async ({ w, gamma, beta }, layer) => ({
      w: await float32(w),
      bn: {
        gamma: await float32(gamma),
        beta: await float32(beta),
        mean: await float32(running[layer]!.mean),
        variance: await float32(running[layer]!.variance),
      },
    }));
    const last = { w: await float32(params.last.w), bias: await float32(params.last.bias) };
    return stateDict(this.#layers, [...(await Promise.all(hidden)), last]);
  }

  async dispose(): Promise<void> {
    tree.dispose(this.#state);
    this.#loss?.dispose();
    this.#x.dispose();
    this.#labels.dispose();
    this.#step.dispose();
  }
}

export interface JaxOptions {
  readonly name: string;
  readonly device: JaxDevice;
  readonly waiting: Waiting;
  /** Why it cannot run here. Called before the device is started. */
  refuses(): string | undefined;
  describe(): string;
}

/** A peer on one device. */
export function jaxPeer({ name, device, waiting, refuses, describe }: JaxOptions): Peer {
  return {
    name,
    version: jaxPackage.version,
    async available() {
      const reason = refuses();
      if (reason !== undefined) return reason;
      return (await init(device)).includes(device) ? undefined : `jax-js cannot start its device ${device}`;
    },
    describe,
    async makeStep(work) {
      return new JaxStep(work, device, waiting);
    },
    async makeConvStep(work) {
      return new JaxConvStep(work, device, waiting);
    },
    async makeConvOp(op) {
      return jaxConvOp(op, device, waiting);
    },
    async makeMatmul(aValues, bValues, M, N, K): Promise<PeerKernel> {
      const a = np.array(Float32Array.from(aValues), { shape: [M, K], device });
      const b = np.array(Float32Array.from(bValues), { shape: [K, N], device });
      return jaxKernel({
        compute: jit((left: np.Array, right: np.Array) => np.matmul(left, right)),
        operands: [a, b] as const,
        waiting,
        inOrder: (result) => result,
      });
    },
  };
}
