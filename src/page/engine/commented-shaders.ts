// Loaded with the laboratory: what a visitor trains with is built without the comments of shaders.
import { bareShader } from '../../gpu/bare-shader.ts';

const texts = import.meta.glob<string>('../../../shaders/**/*.wgsl', {
  query: '?raw&commented',
  import: 'default',
  eager: true,
});
const commented = new Map(Object.values(texts).map((text) => [bareShader(text), text]));

/** A kernel's text as it was written. */
export const withComments = (source: string): string => commented.get(bareShader(source)) ?? source;
