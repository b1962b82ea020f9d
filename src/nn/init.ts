import { insertSegment, type ParameterLayout } from './parameters.ts';

/** Standard deviation of the initial weights: He 2015 (sqrt(2/in)), Xavier 2010 (sqrt(2/(in+out))), or a number. */
export type WeightInit = 'he' | 'xavier' | { readonly sigma: number };

/** Normal numbers for the weights of one layer. */
export type NormalStream = { normal(): number };

function standardDeviation(init: WeightInit, inputs: number, outputs: number): number {
  if (init === 'he') return Math.sqrt(2 / inputs);
  if (init === 'xavier') return Math.sqrt(2 / (inputs + outputs));
  return init.sigma;
}

/**
 * Initial parameters and running statistics of one replica: normal weights, biases 0, gamma 1, beta 0, mean 0, variance 1.
 * `streamOf(layer)` gives the numbers of a layer, taken in PyTorch's order (output by output).
 */
export function initialState(
  layout: ParameterLayout,
  init: WeightInit,
  streamOf: (layer: number) => NormalStream,
): { readonly parameters: Float32Array<ArrayBuffer>; readonly statistics: Float32Array<ArrayBuffer> } {
  const parameters = new Float32Array(layout.parameterCount);
  for (const segment of layout.parameters) {
    if (segment.kind === 'linear.weight') {
      const stream = streamOf(segment.layer);
      const sigma = standardDeviation(init, segment.rows, segment.cols);
      const values = Float32Array.from(
        { length: segment.rows * segment.cols },
        () => sigma * stream.normal(),
      );
      insertSegment(parameters, segment, values);
    } else if (segment.kind === 'bn.weight') {
      parameters.fill(1, segment.start, segment.start + segment.cols);
    }
  }
  const statistics = new Float32Array(layout.statisticCount);
  for (const { kind, start, cols } of layout.statistics) {
    if (kind === 'bn.running_var') statistics.fill(1, start, start + cols);
  }
  return { parameters, statistics };
}
