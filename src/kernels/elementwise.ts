import { type Variant, wantsMultiplesOf4 } from './kernel.ts';

export type ElementwiseShape = { readonly COUNT: number };

/** COUNT values, a vec4 per invocation. */
export const elementwise = <S extends ElementwiseShape>(source: string): Variant<S> => ({
  name: 'naive',
  source,
  refuses: wantsMultiplesOf4<S>('COUNT'),
  constants: (shape) => shape,
  grid: ({ COUNT }) => [Math.ceil(COUNT / 256), 1],
});
