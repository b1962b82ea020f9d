/** Kept as they are: what specialize.ts reads. */
const read = /^(const |for |\/\/#)/;

/** A shader's text without comments, indentation and spaces around its signs. Directives (`//#if`) stay. */
export const bareShader = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\/\/(?!#).*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => (read.test(line) ? line : line.replace(/ ?([=+*/<>,;:&|{}()!?%]+) ?/g, '$1')))
    .join('\n');
