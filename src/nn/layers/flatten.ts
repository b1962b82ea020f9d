import { featuresOf, type LayerKind } from './layer.ts';

/**
 * An image becomes a row of features, for a linear layer, in PyTorch's order of names: channel, row, column. In memory nothing moves: what follows
 * knows where each feature lies.
 */
export interface FlattenSpec {
  readonly kind: 'flatten';
}

export const flatten: LayerKind<FlattenSpec> = {
  kind: 'flatten',
  stem: 'flatten',
  outputShape: (_, input) => ('features' in input ? input : { features: featuresOf(input), image: input }),
  parameters: () => [],
  forward: (_, x) => ({ y: x, calls: [], backward: (dy) => ({ dx: dy, calls: [] }) }),
};
