// Parsers of what a search varies: lists, ranges, nets. Commander puts the option's name before their message.
import { InvalidArgumentError } from 'commander';
import type { Axis } from '../../experiments/search-space.ts';
import { numberOf } from './numbers.ts';

function refuseTwice(texts: readonly string[], hint = ''): void {
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice !== undefined)
    throw new InvalidArgumentError(`must name each value once, got "${twice}" twice${hint}`);
}

/** `1e-5..1e-1`, `0.001,0.01` or `0.005`. `zero`: lists may hold 0; the ends of a range are above it. */
export const axis =
  (zero: boolean) =>
  (text: string): Axis => {
    const wrong = () =>
      new InvalidArgumentError(
        `must be numbers ${zero ? 'of at least' : 'above'} 0 such as 0.001,0.01, or a range such as 1e-5..1e-1, got "${text}"`,
      );
    const ends = text.split('..');
    if (ends.length > 1) {
      const [low = Number.NaN, high = Number.NaN] = ends.map(numberOf);
      if (ends.length !== 2 || !(low > 0 && Number.isFinite(high))) throw wrong();
      if (low >= high) throw new InvalidArgumentError(`must be a range from small to large, got "${text}"`);
      return { kind: 'range', low, high };
    }
    const texts = text.split(',').map((part) => part.trim());
    const values = texts.map(numberOf);
    if (!values.every((value) => Number.isFinite(value) && (zero ? value >= 0 : value > 0))) throw wrong();
    refuseTwice(values.map(String)); // 0.1 and 1e-1 are one value.
    return { kind: 'values', values };
  };

/** `1,2,3`: whole numbers from 1 to `most`. */
export const wholeNumbers =
  (most: number) =>
  (text: string): number[] => {
    const texts = text.split(',').map((part) => part.trim());
    const values = texts.map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
    if (!values.every((value) => value >= 1 && value <= most)) {
      throw new InvalidArgumentError(`must be whole numbers from 1 to ${most} such as 1,2,3, got "${text}"`);
    }
    refuseTwice(values.map(String));
    return values;
  };

/** `30,50x20`: a width for all hidden layers, or a net with these hidden layers. */
export function widthsOrNets(text: string): (number | readonly number[])[] {
  const texts = text.split(',').map((part) => part.trim());
  const nets = texts.map((part) => (/^\d+(x\d+)*$/.test(part) ? part.split('x').map(Number) : [0]));
  if (!nets.flat().every((width) => width >= 1 && width <= 65_536)) {
    throw new InvalidArgumentError(
      `must be widths such as 30,50,100 or nets such as 50x50,50x30x20, got "${text}"`,
    );
  }
  refuseTwice(texts, ': a list is what to try, a net of two layers is 50x50 (or 50 with --depth 2)');
  return nets.map((net, i) => (texts[i]!.includes('x') ? net : net[0]!));
}

/** `vgg-16-32-64,vgg-32-64-64`: names, each once. */
export function names(text: string): string[] {
  const texts = text.split(',').map((part) => part.trim());
  refuseTwice(texts);
  return texts;
}

/** `sgd,adam`: some of `choices`. */
export const someOf =
  <T extends string>(choices: readonly T[]) =>
  (text: string): T[] => {
    const texts = text.split(',').map((part) => part.trim());
    const unknown = texts.find((part) => !choices.includes(part as T));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(`must be names from ${choices.join(', ')}, got "${unknown}"`);
    }
    refuseTwice(texts);
    return texts as T[];
  };
