/** Kept as they are: lines that specialize.ts and folded-grid.ts read. */
const read = /^(const |for |fn main|\/\/#)/;

/** A shader's text without comments, indentation and spaces around its signs. Directives (`//#if`) stay. */
export const bareShader = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\/\/(?!#).*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => (read.test(line) ? line : line.replace(/ ?([=+*/<>,;:&|{}()!?%]+) ?/g, '$1')))
    .join('\n');
