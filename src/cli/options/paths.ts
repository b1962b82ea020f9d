// Parsers of paths for Commander, which puts the option's name before their message.
import { InvalidArgumentError } from 'commander';

/** A path. An empty one is a script's variable that is not set, and would mean the folder where the user stands. */
export function path(text: string): string {
  if (text === '') throw new InvalidArgumentError('must be a path, got ""');
  return text;
}

/** Several, one after another. */
export const paths = (text: string, previous: readonly string[] = []): string[] => [...previous, path(text)];
