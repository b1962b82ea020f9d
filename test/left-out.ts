import { describe, test } from 'vitest';

/** A group of tests, or where there is a reason against it one test that is skipped with it: `npm test` lists those at its end. */
export function describeUnless(reason: string | undefined, name: string, body: () => void): void {
  if (reason === undefined) describe(name, body);
  else test(name, ({ skip }) => skip(reason));
}
