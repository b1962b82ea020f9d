import { insertSegment, type ParameterLayout, type Segment, valuesOf } from './parameters.ts';

/**
 * How weights start: normal, with the standard deviation of He 2015 (sqrt(2/in)), of Xavier 2010 (sqrt(2/(in+out))), or a number; `torch`:
 * uniform within ±1/sqrt(in), as PyTorch's layers do.
 */
export type WeightInit = 'he' | 'xavier' | 'torch' | { readonly sigma: number };

/** Random numbers for the weights of one layer: normal ones, and uniform ones in [0, 1). */
export type WeightStream = { normal(): number; float(): number };

/** Filters that follow from the data, in PyTorch's layout. */
export type FiltersOfData = (segment: Segment) => Float32Array;

const withoutData: FiltersOfData = ({ name }) => {
  throw new Error(`${name} follows from the data, and there are none here`);
};

function standardDeviation(init: Exclude<WeightInit, 'torch'>, fanIn: number, fanOut: number): number {
  if (init === 'he') return Math.sqrt(2 / fanIn);
  if (init === 'xavier') return Math.sqrt(2 / (fanIn + fanOut));
  return init.sigma;
}

/**
 * Initial parameters and running statistics of one replica: normal weights, biases 0, gamma 1, beta 0, mean 0, variance 1.
 * `streamOf(index)` gives the numbers of a layer, taken in PyTorch's order (output by output); `filtersOf` what whitens.
 */
export function initialState(
  layout: ParameterLayout,
  init: WeightInit,
  streamOf: (layer: number) => WeightStream,
  filtersOf: FiltersOfData = withoutData,
): { readonly parameters: Float32Array<ArrayBuffer>; readonly statistics: Float32Array<ArrayBuffer> } {
  const parameters = new Float32Array(layout.parameterCount);
  const statistics = new Float32Array(layout.statisticCount);
  const fill = (flat: Float32Array, segment: Segment) => {
    const { init: values, torchShape } = segment.parameter;
    const length = valuesOf(torchShape);
    if (typeof values === 'number') {
      if (values !== 0) insertSegment(flat, segment, new Float32Array(length).fill(values));
      return;
    }
    if (values === 'whitening') return insertSegment(flat, segment, filtersOf(segment));
    const { fanIn, fanOut, dirac = false } = values;
    const weights = Float32Array.from({ length }, drawOf(init, fanIn, fanOut, streamOf(segment.index)));
    if (dirac) handOnChannels(weights, torchShape);
    insertSegment(flat, segment, weights);
  };
  for (const segment of layout.parameters) fill(parameters, segment);
  for (const segment of layout.statistics) fill(statistics, segment);
  return { parameters, statistics };
}

function drawOf(init: WeightInit, fanIn: number, fanOut: number, stream: WeightStream): () => number {
  if (init === 'torch') {
    const bound = 1 / Math.sqrt(fanIn);
    return () => bound * (2 * stream.float() - 1);
  }
  const sigma = standardDeviation(init, fanIn, fanOut);
  return () => sigma * stream.normal();
}

/** Filter i of (filters, channels, rows, columns) becomes 1 at the middle of channel i and 0 elsewhere, for as many as there are channels. */
function handOnChannels(weights: Float32Array, torchShape: readonly number[]): void {
  const [filters = 0, channels = 0, rows = 0, columns = 0] = torchShape;
  const taps = rows * columns;
  const middle = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  for (let i = 0; i < Math.min(filters, channels); i++) {
    weights.fill(0, i * channels * taps, (i + 1) * channels * taps);
    weights[(i * channels + i) * taps + middle] = 1;
  }
}
