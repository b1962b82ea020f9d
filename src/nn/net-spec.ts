/** A net as plain data: what `resolveNet` (net.ts) checks, `makeModel` (model.ts) allocates and passes.ts turns into kernel calls. */
import type { BatchNormOptions } from './layers/batch-norm.ts';
import type { LayerSpec } from './layers/index.ts';
import type { SampleShape } from './layers/layer.ts';

/** A list of layers from one sample to `classes` logits. */
export interface NetSpec {
  readonly input: SampleShape;
  readonly layers: readonly LayerSpec[];
  readonly classes: number;
}

/** Batch norm in a fully connected net. */
export interface BatchNormSpec extends BatchNormOptions {
  /** Where it stands: between linear and ReLU, or after the ReLU. */
  readonly order: 'before-relu' | 'after-relu';
}

/** The course's batch norm. */
export const courseBatchNorm: BatchNormSpec = {
  order: 'before-relu',
  eps: 1e-5,
  statsMomentum: 0.1,
  runningVariance: 'biased',
  runningInit: 'first-batch',
};

/** A fully connected net: blocks of linear, batch norm and ReLU, one per hidden width, and a last linear layer. */
export interface MlpSpec {
  readonly input: SampleShape;
  readonly hidden: readonly number[];
  readonly classes: number;
  /** `null`, or absent: no batch norm, only linear and ReLU. */
  readonly batchNorm?: BatchNormSpec | null | undefined;
}

/** Without hidden layers it is softmax regression. The layers of a block share their number: `layers.0.linear`, `layers.0.bn`. */
export function mlp({ input, hidden, classes, batchNorm = null }: MlpSpec): NetSpec {
  const block = (outputs: number, index: number): LayerSpec[] => {
    const linear = { kind: 'linear', outputs, index } as const;
    const relu = { kind: 'relu', index } as const;
    if (batchNorm === null) return [linear, relu];
    const { order, ...options } = batchNorm;
    const norm = { kind: 'batch-norm', ...options, index } as const;
    return order === 'before-relu' ? [linear, norm, relu] : [linear, relu, norm];
  };
  const last: LayerSpec = { kind: 'linear', outputs: classes, index: hidden.length };
  return { input, layers: [...hidden.flatMap(block), last], classes };
}
