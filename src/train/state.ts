import type { Gpu } from '../gpu/device.ts';
import { type Tensor, view } from '../gpu/tensor.ts';
import type { Model } from '../nn/model.ts';
import {
  checkValues,
  extractSegment,
  insertSegment,
  type NamedTensor,
  type ParameterLayout,
  type Segment,
} from '../nn/parameters.ts';
import type { Averaging } from '../optim/averaging.ts';
import { namesInStateDict, segmentsOf } from './state-dict-names.ts';
import { readTensors } from './stats.ts';

/** Flat arrays of all replicas, (R, stride) each, as the GPU holds them: `parameters`, `statistics` and the optimizer's. */
export type ArenaValues = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** The arenas that make up a run's state. */
export function arenasOf(
  model: Model,
  optimizerState: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  return { parameters: model.params, statistics: model.running, ...optimizerState };
}

/** The averages of arenas, under names of their own: `slow parameters`. */
export const averagesOf = (averaging: Averaging | undefined): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(averaging?.slow ?? {}).map(([name, tensor]) => [`slow ${name}`, tensor]));

/**
 * Writes arenas.
 * @throws Error for an arena that is missing or has another size: a state of another net, population or optimizer.
 */
export function writeArenas(gpu: Gpu, arenas: Readonly<Record<string, Tensor>>, values: ArenaValues): void {
  for (const [name, tensor] of Object.entries(arenas)) {
    const data = values[name];
    const size = tensor.replicaStride * tensor.replicas;
    if (data?.length !== size) {
      throw new Error(`the state has ${data?.length ?? 'no'} values for ${name}, this run has ${size}`);
    }
    gpu.device.queue.writeBuffer(tensor.buffer, tensor.offsetBytes, data);
  }
}

/** Reads arenas, whole. */
export async function readArenas(gpu: Gpu, arenas: Readonly<Record<string, Tensor>>): Promise<ArenaValues> {
  const names = Object.keys(arenas);
  const whole = Object.values(arenas).map((tensor) => view(tensor, { size: tensor.replicaStride }));
  const buffers = await readTensors(gpu, whole);
  return Object.fromEntries(names.map((name, index) => [name, new Float32Array(buffers[index]!)]));
}

/** One replica's parameters and running statistics as a PyTorch state dict. */
export function stateDict(
  layout: ParameterLayout,
  arenas: ArenaValues,
  replica: number,
  replicas: number,
): NamedTensor[] {
  const part = (name: string) => {
    const all = arenas[name]!;
    const stride = all.length / replicas;
    return all.subarray(replica * stride, (replica + 1) * stride);
  };
  const tensors = [
    ...layout.parameters.map((segment) => ({ segment, flat: part('parameters') })),
    ...layout.statistics.map((segment) => ({ segment, flat: part('statistics') })),
  ];
  return tensors
    .sort((a, b) => a.segment.index - b.segment.index)
    .map(({ segment, flat }) => extractSegment(flat, segment));
}

/** Flat arrays of one replica. */
export interface ReplicaState {
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly statistics: Float32Array<ArrayBuffer>;
}

/**
 * Replaces a replica's values by those of a state dict with our names or those of a plain `nn.Sequential`. Running statistics may be missing;
 * then they stay as they are.
 * @throws Error for a tensor that is missing, unknown, of another shape, or without all values of its shape, naming it and what was expected.
 */
export function applyStateDict(
  layout: ParameterLayout,
  state: ReplicaState,
  tensors: readonly NamedTensor[],
): void {
  const names = namesInStateDict(layout, tensors);
  const left = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const put = (flat: Float32Array, segment: Segment) => {
    const name = names.get(segment.name)!;
    const tensor = left.get(name);
    left.delete(name);
    const { torchShape } = segment.parameter;
    if (tensor === undefined) {
      if (layout.statistics.includes(segment)) return;
      throw new Error(`the weights lack ${name} (${sizesText(torchShape)})`);
    }
    if (sizesText(tensor.shape) !== sizesText(torchShape)) {
      const meant = name === segment.name ? '' : `, which would be ${segment.name},`;
      throw new Error(
        `${name}${meant} is ${sizesText(tensor.shape)} in the weights, ${sizesText(torchShape)} in this net`,
      );
    }
    checkValues(tensor);
    insertSegment(flat, segment, tensor.data);
  };
  for (const segment of segmentsOf(layout)) {
    put(layout.statistics.includes(segment) ? state.statistics : state.parameters, segment);
  }
  const [unknown] = left.values();
  if (unknown === undefined) return;
  const expected = segmentsOf(layout).map(
    ({ name, parameter }) => `${names.get(name)} (${sizesText(parameter.torchShape)})`,
  );
  const more = expected.length > 4 ? ` and ${expected.length - 4} more` : '';
  throw new Error(
    `the weights hold ${unknown.name} (${sizesText(unknown.shape)}), which this net does not have: it has ${expected.slice(0, 4).join(', ')}${more}`,
  );
}

/** `50 x 3072`, as refusals say a shape. */
const sizesText = (shape: readonly number[]): string => (shape.length === 0 ? 'scalar' : shape.join(' x '));
