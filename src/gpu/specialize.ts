// From a WGSL file to the text that is compiled: flags, constants, unrolled loops. In this order:
//
//   //#if FLAG ... //#else ... //#endif   kept or dropped (wgsl-preprocessor)
//   const NAME = ...;                      rewritten by name
//   //#unroll                              the `for` loop below is written out, its variable a literal
//   //#unroll NAME: A, B, -                and NAME, in turn, A, B and, where it is called, its argument alone
//
// Each file is valid WGSL as it stands, with the constants that it names, every loop a loop and NAME a function that there is.
import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

/** Values of constants by name; several, of a line `const NAME = array(...);`. */
export type ShaderConstants = Readonly<Record<string, number | readonly number[]>>;

export interface Specialization {
  /** Values of `const NAME = ...;` lines. Integers are written with the suffix (`u`, `i`, `f`) that the file's own value has. */
  readonly constants?: ShaderConstants;
  /** Values of constants that a file may declare or not. */
  readonly constantsIfDeclared?: Readonly<Record<string, number>>;
  /** Flags of `//#if NAME`; one that is not given is false. */
  readonly flags?: Readonly<Record<string, boolean>>;
}

/**
 * The text that is compiled.
 * @throws Error for a constant that the source does not declare, and for a directive that does not parse.
 */
export function specialize(
  source: string,
  { constants = {}, constantsIfDeclared = {}, flags = {} }: Specialization,
): string {
  const flagged = applyFlags(source, flags);
  const declared = Object.entries(constantsIfDeclared).filter(([name]) => constantLine(name).test(flagged));
  const text = unroll(rewriteConstants(flagged, { ...constants, ...Object.fromEntries(declared) }));
  const left = /^.*\/\/#.*$/m.exec(text)?.[0];
  if (left !== undefined) throw new Error(`not a directive: "${left.trim()}"`);
  return text;
}

const directive = /^[ \t]*\/\/#(if|else|endif)\b[ \t]*(\w*)[ \t]*$/gm;

function applyFlags(source: string, flags: Readonly<Record<string, boolean>>): string {
  if (!source.includes('//#if')) return source;
  // wgsl-preprocessor is a template tag: an `#if` ends a string and its condition is the value that follows.
  const strings: string[] = [];
  const values: boolean[] = [];
  let text = '';
  let end = 0;
  for (const match of source.matchAll(directive)) {
    text += source.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[1] === 'if') {
      strings.push(`${text}#if `);
      values.push(flags[match[2] ?? ''] ?? false);
      text = '';
    } else {
      text += `#${match[1]} `;
    }
  }
  strings.push(text + source.slice(end));
  return wgsl(strings, ...values);
}

const constantLine = (name: string): RegExp => new RegExp(`^(const ${name}(?:: *\\w+)? = )([^;]*);`, 'm');

function rewriteConstants(source: string, constants: ShaderConstants): string {
  let text = source;
  for (const [name, value] of Object.entries(constants)) {
    const line = constantLine(name);
    const match = line.exec(text);
    if (match === null) throw new Error(`no line "const ${name} = ...;" to set to ${value}`);
    text = text.replace(line, `$1${literal(value, match[2] ?? '')};`);
  }
  return text;
}

/** `value` in the notation of the literal, or the array of literals, that it replaces. */
function literal(value: number | readonly number[], like: string): string {
  if (typeof value !== 'number') {
    const element = /^array\(([^,)]*)/.exec(like)?.[1];
    if (element === undefined) throw new Error(`expected "array(...)" to put ${value} in, got "${like}"`);
    return `array(${value.map((one) => literal(one, element)).join(', ')})`;
  }
  if (!Number.isFinite(value)) throw new Error(`a shader constant cannot be ${value}`);
  const suffix = /[uif]$/.exec(like.trim())?.[0] ?? '';
  if (suffix === 'f') return `${value}f`;
  if (suffix !== '' && !Number.isInteger(value))
    throw new Error(`expected an integer for ${like}, got ${value}`);
  if (suffix === '' && like.includes('.') && Number.isInteger(value)) return `${value}.0`;
  return `${value}${suffix}`;
}

const unrolledLoop =
  /[ \t]*\/\/#unroll(?: (\w+): ([-\w, ]+))?[ \t]*\n[ \t]*for \(var (\w+) = (\w+); \3 < (\w+); \3(?:\+\+| \+= (\w+))\) \{/y;

/** The last directive first: no other is in its loop, so that each is met once. */
function unroll(source: string): string {
  let text = source;
  for (let at = text.lastIndexOf('//#unroll'); at !== -1; at = text.lastIndexOf('//#unroll')) {
    text = writeOut(text, text.lastIndexOf('\n', at) + 1);
  }
  return text;
}

/** Writes out the loop whose directive is the line at `start`. */
function writeOut(source: string, start: number): string {
  unrolledLoop.lastIndex = start;
  const match = unrolledLoop.exec(source);
  if (match === null) {
    throw new Error('"//#unroll" wants a line "for (var i = 0u; i < COUNT; i++) {" below it');
  }
  const [head, name, list, variable = '', from = '', to = '', step = '1u'] = match;
  const open = start + head.length;
  const close = matchingBrace(source, open);
  const body = source.slice(open, close);
  const occurrence = new RegExp(`(?<![.\\w])${variable}\\b`, 'g');
  const stride = integer(source, step);
  if (stride < 1) throw new Error(`"//#unroll" wants a positive step, got ${step}`);
  const end = integer(source, to);
  const bodies: string[] = [];
  for (let i = integer(source, from); i < end; i += stride) {
    bodies.push(body.replace(occurrence, `${i}u`));
  }
  const text = named(bodies, name, list)
    .map((copy) => `  {${copy}}\n`)
    .join('');
  return source.slice(0, start) + text + source.slice(close + 1);
}

/** The copies of a loop's body, with `name` in each replaced by one of the `list`. */
function named(
  bodies: readonly string[],
  name: string | undefined,
  list: string | undefined,
): readonly string[] {
  if (name === undefined || list === undefined) return bodies;
  const words = list.split(',').map((word) => word.trim());
  if (words.length !== bodies.length) {
    throw new Error(`"//#unroll ${name}: ..." names ${words.length} for ${bodies.length} copies`);
  }
  const occurrence = new RegExp(`(?<![.\\w])${name}\\b`, 'g');
  return bodies.map((body, i) => body.replace(occurrence, words[i] === '-' ? '' : words[i]!));
}

function matchingBrace(source: string, open: number): number {
  let depth = 1;
  for (let i = open; i < source.length; i++) {
    if (source[i] === '{') depth++;
    else if (source[i] === '}' && --depth === 0) return i;
  }
  throw new Error('a loop to unroll has no closing brace');
}

/** Value of a literal (`4u`) or of a constant of the source (`const ROWS = 4u;`). */
function integer(source: string, word: string): number {
  const text = /^\d/.test(word)
    ? word
    : new RegExp(`^const ${word}(?:: *\\w+)? = ([^;]*);`, 'm').exec(source)?.[1];
  const value = Number.parseInt(text ?? '', 10);
  if (!/^\d+[ui]?$/.test(text ?? ''))
    throw new Error(`"//#unroll" wants a literal or a constant, got "${word}"`);
  return value;
}
