// The float64 mirror of a kind of layer (nn/layers): forward, backward and statistics, slowly and plainly.
import type { Mode, SampleShape } from '../../nn/layers/layer.ts';

/** What a layer computes with. */
export interface ReferenceContext<S> {
  readonly spec: S;
  /** Samples. */
  readonly M: number;
  readonly input: SampleShape;
  readonly output: SampleShape;
  readonly mode: Mode;
  /** A parameter or running statistic by its name behind the layer's, in PyTorch's layout. */
  tensor(name: string): Float64Array;
}

/** Mean and biased variance of a batch, per feature. */
export interface BatchMoments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** A layer's forward pass and what may be asked of it. */
export interface Tape {
  /** (M, outputs) */
  readonly y: Float64Array;
  /** Of each place where the slope jumps: on which side the input is. A ReLU's: that it is positive; a max-pool's: which pixel is the largest. */
  readonly pattern?: readonly (boolean | number)[];
  /** Of the batch, in training mode. */
  readonly moments?: BatchMoments;
  /** dx, and gradients of the parameters by their names, in PyTorch's layout. */
  backward(dy: Float64Array): {
    readonly dx: Float64Array;
    readonly grads: Readonly<Record<string, Float64Array>>;
  };
}

/** A kind of layer in float64. */
export interface ReferenceLayer<S extends { readonly kind: string }> {
  readonly kind: S['kind'];
  /** What the course report calls its parameters, in the order of its listing: `weight` -> `W`. */
  readonly symbols: Readonly<Record<string, string>>;
  forward(layer: ReferenceContext<S>, x: Float64Array): Tape;
  /**
   * Running statistics behind a batch, by name. `always`: they become those of the batch alone.
   * `first`: of the first batch of a training.
   */
  runningAfter?(
    layer: ReferenceContext<S>,
    moments: BatchMoments,
    which: 'first' | 'later' | 'always',
  ): Readonly<Record<string, Float64Array>>;
}
