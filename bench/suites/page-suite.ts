/** The `page` suite: training on the page while somebody looks at it, against the same training without one; how soon it opens, and draws. */
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

/** From the start of the navigation, in a browser that has not seen the page. */
export const openingRows = { paint: 'first paint', verdict: 'verdict on the GPU' } as const;
export const openingGroup = 'opening';

/** Of so many runs side by side, each of so many reports. */
export const overlaid = { runs: 8, points: 25_000 } as const;
/** From the change of what is shown to the frame behind the one in which it is drawn; and a frame in which nothing is. */
export const overlayRows = { draws: 'another metric', rests: 'nothing' } as const;
export const overlayGroup = `overlay ${overlaid.runs} x ${overlaid.points}`;

export const pageGroups = (): ListedGroup[] =>
  Object.entries({
    ...Object.fromEntries(Object.keys(trainings).map((id) => [id, [headlessRow, pageRow]])),
    [openingGroup]: Object.values(openingRows),
    [overlayGroup]: Object.values(overlayRows),
  }).map(([id, rows]) => ({ suite: 'page', id, title: id, rows, skipped: [] }));

/** Undefined for a group of the suite that trains nothing. */
export const trainingOf = (id: string): PageTraining | undefined => trainings[id];
