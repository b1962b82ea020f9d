/** A shader's text without comments and indentation. Directives (`//#if`) stay. */
export const bareShader = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\/\/(?!#).*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');
