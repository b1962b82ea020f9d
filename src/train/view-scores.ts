import type { Outcome } from './messages.ts';

/** What a seed is worth with logits averaged over views of each image. Null where it was not scored. */
export interface SeedViewScores {
  readonly validationAccuracyOverViews: number | null;
  readonly validationLossOverViews: number | null;
  readonly testAccuracyOverViews: number | null;
  readonly testLossOverViews: number | null;
}

/** Those of a replica, as `summary.json` and the page's records name them; nothing where the settings name no views. */
export function viewScoresOf(
  { overViews }: Pick<Outcome, 'overViews'>,
  replica: number,
): SeedViewScores | undefined {
  if (overViews === null) return undefined;
  const { validation, test } = overViews;
  return {
    validationAccuracyOverViews: validation?.[replica]?.accuracy ?? null,
    validationLossOverViews: validation?.[replica]?.loss ?? null,
    testAccuracyOverViews: test?.[replica]?.accuracy ?? null,
    testLossOverViews: test?.[replica]?.loss ?? null,
  };
}
