// Settings as text: what `npm run train` takes as options, the page as fields and links. One parser for all of them.
import type { BatchStatisticsSpec } from '../train/settings.ts';

/** A text that is no value of its setting. The message goes on behind the setting's name: `must be ..., got "abc"`. */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue';
}

const got = (text: string) => `, got "${text}"`;

/** NaN for what is no decimal number: the empty text, and what `Number` takes besides, such as 0x10. */
export const numberOf = (text: string): number =>
  /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;

/** A whole number from `least` on. */
export const wholeNumber =
  (least: number, most = 2 ** 32 - 1) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === 2 ** 32 - 1 ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidValue(`must be a whole number ${range}${got(text)}`);
  };

/** A number from `least` on (`orMore`) or above it, as the GPU has it: in float32. */
export const number =
  (least: number, orMore: boolean) =>
  (text: string): number => {
    const value = numberOf(text);
    const onGpu = Math.fround(value);
    if (onGpu < Number.POSITIVE_INFINITY && (orMore ? value >= least : onGpu > least)) return value;
    const range = onGpu > least ? 'of at most 3.4e38' : `${orMore ? 'of at least' : 'above'} ${least}`;
    throw new InvalidValue(`must be a number ${range}${got(text)}`);
  };

/** A number from `least` to `most`, both allowed. */
export const numberWithin =
  (least: number, most: number) =>
  (text: string): number => {
    const value = numberOf(text);
    if (value >= least && value <= most) return value;
    throw new InvalidValue(`must be a number from ${least} to ${most}${got(text)}`);
  };

/** A number above 0 and below 1. */
export function share(text: string): number {
  const value = numberOf(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidValue(`must be a number above 0 and below 1${got(text)}`);
}

/** A number from 0 to below 1. */
export function fraction(text: string): number {
  const value = numberOf(text);
  if (value >= 0 && value < 1) return value;
  throw new InvalidValue(`must be a number from 0 to below 1${got(text)}`);
}

/** `50,50`: widths of the hidden layers. */
export function widths(text: string): number[] {
  const values = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : 0));
  if (values.every((value) => value >= 1 && value <= 65_536)) return values;
  throw new InvalidValue(`must be widths of hidden layers such as 50,50${got(text)}`);
}

const usualSamples = { precise: 10_000, adaptive: 1000 } as const;

/** `precise:10000`, `adaptive`, `none`: what replaces the running statistics of batch norm. (Commander makes '' of null.) */
export function batchStatistics(text: string): BatchStatisticsSpec | 'none' {
  if (text === 'none') return text;
  const match = /^(precise|adaptive)(?::(\d{1,9}))?$/.exec(text);
  const kind = match?.[1] as BatchStatisticsSpec['kind'] | undefined;
  if (kind === undefined) throw new InvalidValue(`must be precise:10000, adaptive:1000 or none${got(text)}`);
  const samples = match?.[2] === undefined ? usualSamples[kind] : Number(match[2]);
  if (samples < 2) throw new InvalidValue(`must name at least 2 samples${got(text)}`);
  return { kind, samples };
}

/** One of a few words. */
export const oneOf =
  <T extends string>(choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw new InvalidValue(`must be one of ${choices.join(', ')}${got(text)}`);
  };
