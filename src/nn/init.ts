import { insertSegment, type ParameterLayout, type Segment } from './parameters.ts';

/** Standard deviation of the initial weights: He 2015 (sqrt(2/in)), Xavier 2010 (sqrt(2/(in+out))), or a number. */
export type WeightInit = 'he' | 'xavier' | { readonly sigma: number };

/** Normal numbers for the weights of one layer. */
export type NormalStream = { normal(): number };

function standardDeviation(init: WeightInit, fanIn: number, fanOut: number): number {
  if (init === 'he') return Math.sqrt(2 / fanIn);
  if (init === 'xavier') return Math.sqrt(2 / (fanIn + fanOut));
  return init.sigma;
}

/**
 * Initial parameters and running statistics of one replica: normal weights, biases 0, gamma 1, beta 0, mean 0, variance 1.
 * `streamOf(index)` gives the numbers of a layer, taken in PyTorch's order (output by output).
 */
export function initialState(
  layout: ParameterLayout,
  init: WeightInit,
  streamOf: (layer: number) => NormalStream,
): { readonly parameters: Float32Array<ArrayBuffer>; readonly statistics: Float32Array<ArrayBuffer> } {
  const parameters = new Float32Array(layout.parameterCount);
  const statistics = new Float32Array(layout.statisticCount);
  const fill = (flat: Float32Array, segment: Segment) => {
    const { init: values, torchShape } = segment.parameter;
    const length = torchShape.reduce((product, size) => product * size, 1);
    if (typeof values === 'number') {
      if (values !== 0) insertSegment(flat, segment, new Float32Array(length).fill(values));
      return;
    }
    const stream = streamOf(segment.index);
    const sigma = standardDeviation(init, values.fanIn, values.fanOut);
    insertSegment(
      flat,
      segment,
      Float32Array.from({ length }, () => sigma * stream.normal()),
    );
  };
  for (const segment of layout.parameters) fill(parameters, segment);
  for (const segment of layout.statistics) fill(statistics, segment);
  return { parameters, statistics };
}
