// Parsers of option values for Commander, which puts the option's name before their message.
import { InvalidArgumentError } from 'commander';
import * as values from '../../experiments/setting-values.ts';

export { numberOf } from '../../experiments/setting-values.ts';

/** The parser for Commander: its mistakes are Commander's. */
const argument =
  <T>(parse: (text: string) => T) =>
  (text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof values.InvalidValue) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };

export const wholeNumber = (least: number, most?: number) => argument(values.wholeNumber(least, most));
export const number = (least: number, orMore: boolean) => argument(values.number(least, orMore));
export const numberWithin = (least: number, most: number) => argument(values.numberWithin(least, most));
export const fraction = argument(values.fraction);
export const share = argument(values.share);
export const widths = argument(values.widths);
export const batchStatistics = argument(values.batchStatistics);

/** `matmul=naive`, collected over several options. */
export function assignment(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const match = /^([a-z0-9-]+)=([a-z0-9-]+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError(`must be like matmul=naive, got "${text}"`);
  return { ...previous, [match[1]!]: match[2]! };
}
