// What trained nets are worth: their weights, and the scores that a run asks for.
import type { TestViews } from '../data/test-views.ts';
import type { NamedTensor } from '../nn/parameters.ts';
import { requireFiniteScores, requireFiniteWeights } from './finite.ts';
import type { Outcome, RunRequest } from './messages.ts';
import { writeSafetensors } from './safetensors.ts';
import type { Trainer } from './trainer.ts';

export type OutcomeRequest = Pick<RunRequest, 'confusion' | 'withoutTest' | 'toleratesDivergence'>;

/**
 * With the batch-norm statistics that the trainer has now.
 * @param finished where it is false the weights alone are told
 * @throws NonFiniteLoss where the request does not tolerate it; the signal's reason where that stopped the scoring
 */
export async function outcomeOf(
  trainer: Trainer,
  { confusion = false, withoutTest = false, toleratesDivergence }: OutcomeRequest,
  finished: boolean,
  signal?: AbortSignal,
): Promise<Outcome> {
  const { settings, step } = trainer;
  const weights = await trainer.weights();
  const hasValidation = finished && settings.valSize > 0;
  const hasTest = finished && !withoutTest;
  const scores = async (views?: TestViews) => ({
    validation: hasValidation ? await trainer.evaluate('validation', views, signal) : null,
    test: hasTest ? await trainer.evaluate('test', views, signal) : null,
  });
  const { validation, test } = await scores();
  const { testViews } = settings;
  if (!toleratesDivergence) {
    requireFiniteWeights(weights, settings.replicas, step);
    requireFiniteScores(validation, 'validation', settings.replicas, step);
    requireFiniteScores(test, 'test', settings.replicas, step);
  }
  return {
    validation,
    test,
    overViews: testViews === undefined ? null : await scores(testViews),
    confusion: finished && confusion ? await trainer.confusion(signal) : null,
    weights: weights.map(fileOf),
  };
}

/** Compiles what the run's scores need, while its first steps run. */
export const prepareOutcome = (
  trainer: Trainer,
  { withoutTest = false }: Pick<OutcomeRequest, 'withoutTest'> = {},
): Promise<void> =>
  trainer.prepareEvaluations(
    ...(trainer.settings.valSize > 0 ? ['validation' as const] : []),
    ...(withoutTest ? [] : ['test' as const]),
  );

/** A safetensors file without metadata. */
export const fileOf = (tensors: readonly NamedTensor[]): Uint8Array<ArrayBuffer> =>
  writeSafetensors({ tensors, metadata: {} });
