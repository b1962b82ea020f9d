/** A convolutional net's step in jax-js: `lax.convGeneralDilated`, channels first as PyTorch has them, one jitted function from the old state to the new one. */
import { jit, lax, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { type ConvWork, type ConvWorkLayer, convWorkLayers, initialValues, targets } from './conv-work.ts';
import type { JaxDevice } from './jax.ts';
import { computed, type Waiting } from './jax-wait.ts';
import type { PeerStep } from './peer.ts';
import { transposed } from './work.ts';

/** Arrays in the order in which layers name them; no velocity where there is no momentum. */
type State = { params: np.Array[]; velocity: np.Array[]; running: np.Array[] };

/** A tensor of the net and its place in the state's lists. */
interface Slot {
  readonly name: string;
  readonly torchShape: readonly number[];
  /** A weight matrix, which the L2 term is for. */
  readonly isMatrix: boolean;
  /** (in, out) here, (out, in) in PyTorch. */
  readonly isTransposed: boolean;
  readonly shape: readonly number[];
}

function slotOf(layer: ConvWorkLayer, name: string, torchShape: readonly number[]): Slot {
  const isMatrix = name === 'weight' && layer.spec.kind !== 'batch-norm';
  const isTransposed = isMatrix && layer.spec.kind === 'linear';
  const perChannel = [1, torchShape[0]!, 1, 1];
  const shape = isTransposed
    ? [torchShape[1]!, torchShape[0]!]
    : isMatrix || layer.spec.kind === 'linear'
      ? torchShape
      : perChannel;
  return { name: `${layer.name}.${name}`, torchShape, isMatrix, isTransposed, shape };
}

const trainedSlots = (layers: readonly ConvWorkLayer[]): readonly Slot[] =>
  layers.flatMap((layer) =>
    layer.parameters
      .filter(({ name }) => !(layer.isFree && name === 'bias'))
      .map(({ name, torchShape }) => slotOf(layer, name, torchShape)),
  );

const runningSlots = (layers: readonly ConvWorkLayer[]): readonly Slot[] =>
  layers.flatMap((layer) => layer.statistics.map(({ name, torchShape }) => slotOf(layer, name, torchShape)));

/** Logits, and mean and unbiased variance of each batch norm. Uses each parameter once. */
function forward(work: ConvWork, layers: readonly ConvWorkLayer[], params: np.Array[], x: np.Array) {
  const stats: np.Array[] = [];
  const left = [...params];
  const next = () => left.shift()!;
  let value = x;
  for (const { spec, isFree } of layers) {
    if (spec.kind === 'conv') {
      const { stride = 1, padding = 0 } = spec;
      const around: [number, number] = [padding, padding];
      value = lax.convGeneralDilated(value, next(), [stride, stride], [around, around]);
      if (!isFree) value = value.add(next());
    } else if (spec.kind === 'batch-norm') {
      const axes = [0, 2, 3];
      const mean = np.mean(value.ref, axes, { keepdims: true });
      const centred = value.sub(mean.ref);
      const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
      const normalised = centred.div(np.sqrt(variance.ref.add(spec.eps)));
      value = normalised.mul(next()).add(next());
      const rows = value.size / variance.size;
      stats.push(mean, variance.mul(rows / (rows - 1)));
    } else if (spec.kind === 'relu') value = nn.relu(value);
    else if (spec.kind === 'average-pool') value = np.mean(value, [2, 3]);
    else if (spec.kind === 'flatten') value = value.reshape([work.batchSize, -1]);
    else if (spec.kind === 'linear') value = np.dot(value, next()).add(next());
    else throw new Error(`jax-js' step has no ${spec.kind}`);
  }
  return { logits: value, stats };
}

function makeJitted(work: ConvWork, layers: readonly ConvWorkLayer[]) {
  const { batchSize, lambda, learningRate, optimizer } = work;
  const { momentum = 0, nesterov = false, weightDecay = 0 } = optimizer;
  const slots = trainedSlots(layers);
  const statsMomentum = layers.flatMap(({ spec }) =>
    spec.kind === 'batch-norm' ? [spec.statsMomentum] : [],
  );

  function cost(params: np.Array[], x: np.Array, wanted: np.Array) {
    const squares = params.filter((_, i) => slots[i]!.isMatrix).map((w) => np.sum(np.square(w.ref)));
    const l2 = lambda === 0 ? [] : [squares.reduce((sum, square) => sum.add(square)).mul(lambda)];
    if (lambda === 0) for (const square of squares) square.dispose();
    const { logits, stats } = forward(work, layers, params, x);
    const loss = np.sum(nn.logSoftmax(logits).mul(wanted)).mul(-1 / batchSize);
    const total = l2.reduce((sum, term) => sum.add(term), loss.ref);
    return [total, { loss, stats }] as [np.Array, { loss: np.Array; stats: np.Array[] }];
  }

  function step(state: State, x: np.Array, wanted: np.Array): [State, np.Array] {
    const [[total, { loss, stats }], grads] = valueAndGrad(cost, { hasAux: true })(
      tree.ref(state.params),
      x,
      wanted,
    ) as unknown as [ReturnType<typeof cost>, np.Array[]];
    total.dispose();
    const decayed = grads.map((g, i) =>
      weightDecay === 0 ? g : g.add(state.params[i]!.ref.mul(weightDecay)),
    );
    const velocity = momentum === 0 ? [] : decayed.map((g, i) => state.velocity[i]!.mul(momentum).add(g.ref));
    const directions = decayed.map((g, i) => {
      if (momentum === 0) return g;
      if (nesterov) return g.add(velocity[i]!.ref.mul(momentum));
      g.dispose();
      return velocity[i]!.ref;
    });
    const params = directions.map((direction, i) => state.params[i]!.sub(direction.mul(learningRate)));
    const running = state.running.map((old, i) => {
      const weight = statsMomentum[Math.floor(i / 2)]!;
      return old.mul(1 - weight).add(stats[i]!.mul(weight));
    });
    return [{ params, velocity, running }, loss];
  }

  return jit(step);
}

const float32 = async (values: np.Array): Promise<Float32Array> =>
  Float32Array.from((await values.ref.data()) as Float32Array);

export class JaxConvStep implements PeerStep {
  readonly #layers: readonly ConvWorkLayer[];
  readonly #step: ReturnType<typeof makeJitted>;
  readonly #x: np.Array;
  readonly #targets: np.Array;
  readonly #waiting: Waiting;
  #state: State;
  #loss: np.Array | undefined;

  constructor(work: ConvWork, device: JaxDevice, waiting: Waiting) {
    const { batchSize, classes } = work;
    this.#waiting = waiting;
    this.#layers = convWorkLayers(work);
    this.#step = makeJitted(work, this.#layers);
    this.#x = np.array(work.x, { shape: [batchSize, 3, 32, 32], device });
    this.#targets = np.array(targets(work), { shape: [batchSize, classes], device });
    const make = ({ name, torchShape, isTransposed, shape }: Slot) => {
      const values = initialValues(work, name);
      const here = isTransposed ? transposed(values, torchShape[0]!, torchShape[1]!) : values;
      return np.array(here, { shape: [...shape], device });
    };
    const params = trainedSlots(this.#layers).map(make);
    this.#state = {
      params,
      velocity: (work.optimizer.momentum ?? 0) === 0 ? [] : params.map((values) => np.zerosLike(values.ref)),
      running: runningSlots(this.#layers).map(make),
    };
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.#loss?.dispose();
      [this.#state, this.#loss] = this.#step(this.#state, this.#x.ref, this.#targets.ref);
      // Its users wait for each step, which keeps the number of live buffers down.
      await computed([this.#loss], this.#waiting);
    }
    await this.#state.params.at(-1)!.ref.data();
  }

  async loss(): Promise<number> {
    return (await this.#loss!.ref.data())[0]!;
  }

  async parameters(): Promise<Record<string, Float32Array>> {
    const state: Record<string, Float32Array> = {};
    const put = async (slots: readonly Slot[], arrays: readonly np.Array[]) => {
      for (const [i, { name, torchShape, isTransposed }] of slots.entries()) {
        const values = await float32(arrays[i]!);
        state[name] = isTransposed ? transposed(values, torchShape[1]!, torchShape[0]!) : values;
      }
    };
    await put(trainedSlots(this.#layers), this.#state.params);
    await put(runningSlots(this.#layers), this.#state.running);
    for (const { name, isFree, parameters } of this.#layers) {
      const bias = parameters.find((parameter) => parameter.name === 'bias');
      if (isFree && bias !== undefined) state[`${name}.bias`] = new Float32Array(bias.torchShape[0]!);
    }
    return state;
  }

  async dispose(): Promise<void> {
    tree.dispose(this.#state);
    this.#loss?.dispose();
    this.#x.dispose();
    this.#targets.dispose();
    this.#step.dispose();
  }
}
