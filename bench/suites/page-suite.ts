/** The `page` suite: training on the page while somebody looks at it, against the same training without one. */
import type { ListedGroup } from '../protocol.ts';

export const headlessRow = 'headless';
export const pageRow = 'page, visible';

/** What both sides train, by the group's id. */
export interface PageTraining {
  readonly steps: number;
  readonly seeds: number;
}

const trainings: Readonly<Record<string, PageTraining>> = {
  'training base R=1': { steps: 1200, seeds: 1 },
  'training base R=5': { steps: 300, seeds: 5 },
};

export const pageGroups = (): ListedGroup[] =>
  Object.keys(trainings).map((id) => ({
    suite: 'page',
    id,
    title: id,
    rows: [headlessRow, pageRow],
    skipped: [],
  }));

export const trainingOf = (id: string): PageTraining => trainings[id]!;
