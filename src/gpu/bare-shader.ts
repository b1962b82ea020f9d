/** What specialize.ts and folded-grid.ts look for, which is kept as it is: names of constants, `main`, directives. */
const read = /^(?:const .* = (?=\S)|fn main.*|\/\/#.*)/;

/** A shader's text without comments, indentation and spaces around its signs. Directives (`//#if`) and loops that are written out stay. */
export const bareShader = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\/\/(?!#).*$/, '').trim())
    .filter((line) => line !== '')
    .map((line, i, lines) => {
      if (lines[i - 1]?.startsWith('//#unroll')) return line;
      const [kept = ''] = read.exec(line) ?? [];
      return kept + tight(line.slice(kept.length));
    })
    .join('\n');

/** Without spaces around signs, but where two of them could become one. */
const tight = (text: string): string =>
  text.replace(/ ?([=+*/<>,;:&|{}()!?%]+) ?/g, '$1').replace(/(?<!-) ?-(?!-) ?(?!-)/g, '-');
