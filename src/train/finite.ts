// Results that are not finite although every training loss was: an update may overflow after the last one.
import type { NamedTensor } from '../nn/parameters.ts';
import type { Score } from './evaluation.ts';
import type { ReplicaSettings } from './settings.ts';
import type { ArenaValues } from './state.ts';

/** A loss or a net that is not finite: the run is over. */
export class NonFiniteLoss extends Error {
  override readonly name = 'NonFiniteLoss';

  /** `what` is not finite, of this replica, `when`. */
  constructor(
    what: string,
    replicas: readonly ReplicaSettings[],
    replica: number,
    when: string,
    advice = 'try a lower learning rate',
  ) {
    const { seed, lambda } = replicas[replica]!;
    super(
      `the ${what} of replica ${replica} (seed ${seed}, lambda ${lambda}) is not finite ${when}: ${advice}`,
    );
  }
}

/** After how many steps something was found, and what to do about it. */
const found = (step: number): [when: string, advice: string] =>
  step === 0
    ? ['before the first step', 'the initial weights are too large or not finite']
    : [`after step ${step}`, 'try a lower learning rate'];

/** @throws NonFiniteLoss where the mean loss of a replica on these images is not finite */
export function requireFiniteScores(
  scores: readonly Score[] | null,
  split: 'validation' | 'test',
  replicas: readonly ReplicaSettings[],
  step: number,
): void {
  const replica = (scores ?? []).findIndex(({ loss }) => !Number.isFinite(loss));
  if (replica >= 0) throw new NonFiniteLoss(`${split} loss`, replicas, replica, ...found(step));
}

/** @throws NonFiniteLoss naming the tensor of a replica's state dict that is not finite */
export function requireFiniteWeights(
  weights: readonly (readonly NamedTensor[])[],
  replicas: readonly ReplicaSettings[],
  step: number,
): void {
  for (const [replica, tensors] of weights.entries()) {
    const tensor = tensors.find(({ data }) => !data.every(Number.isFinite));
    if (tensor !== undefined) throw new NonFiniteLoss(tensor.name, replicas, replica, ...found(step));
  }
}

/**
 * A state that is not finite must not replace the last one that was.
 * @throws NonFiniteLoss where a parameter or a running statistic is not finite
 */
export function requireFiniteState(
  { parameters, statistics }: ArenaValues,
  replicas: readonly ReplicaSettings[],
  step: number,
): void {
  for (const [what, values] of [
    ['net', parameters],
    ['batch-norm statistics', statistics],
  ] as const) {
    const place = values?.findIndex((value) => !Number.isFinite(value)) ?? -1;
    if (place < 0) continue;
    const replica = Math.floor((place * replicas.length) / values!.length);
    throw new NonFiniteLoss(what, replicas, replica, ...found(step));
  }
}
