import { type AdamSpec, adam } from './adam.ts';
import { type AdamWSpec, adamw } from './adamw.ts';
import type { OptimizerKind } from './optimizer.ts';
import { type RmspropSpec, rmsprop } from './rmsprop.ts';
import { type SgdSpec, sgd } from './sgd.ts';

/** Which optimizer, with its settings; learning rate and lambda come in tables. */
export type OptimizerSpec = SgdSpec | AdamSpec | AdamWSpec | RmspropSpec;

/** Every optimizer. The command line, the page and the tests loop over this list. */
export const optimizers = [sgd, adam, adamw, rmsprop] as unknown as readonly OptimizerKind<OptimizerSpec>[];

/** @throws RangeError where there is none of that kind */
export function optimizerOf({ kind }: { readonly kind: string }): OptimizerKind<OptimizerSpec> {
  const found = optimizers.find((candidate) => candidate.kind === kind);
  if (found !== undefined) return found;
  throw new RangeError(
    `there is no optimizer "${kind}": there are ${optimizers.map((o) => o.kind).join(', ')}`,
  );
}
