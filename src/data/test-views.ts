/** Views of a test image whose logits are averaged: the image and its mirror image, also moved by a pixel (test-time augmentation). */
import { encodeSample } from './sample-order.ts';
import type { ImageRange } from './splits.ts';

/** `flip`: the image and its mirror image. `shift`: both also moved by a pixel down and right, and up and left, at half the weight. */
export const testViewKinds = ['flip', 'shift'] as const;
export type TestViews = (typeof testViewKinds)[number];

/** What scores over these views are called, behind the others: `53.4 %, 54.0 % over flips`. */
export const overViewsWords = (kind: TestViews | undefined): string =>
  kind === 'shift' ? 'over shifts and flips' : 'over flips';

/** One view. */
export interface TestView {
  readonly flip: boolean;
  /** Pixels by which the window is moved, to the right and down alike; what comes in is reflected. */
  readonly shift: number;
  /** In the average; all add up to 1. */
  readonly weight: number;
}

const both = (shift: number, weight: number): readonly TestView[] =>
  [false, true].map((flip) => ({ flip, shift, weight }));

/** The views of a kind; those of `shift` as K. Jordan's airbench94 has them. */
export const viewsOf = (kind: TestViews): readonly TestView[] =>
  kind === 'flip' ? both(0, 1 / 2) : [...both(0, 1 / 4), ...both(-1, 1 / 8), ...both(1, 1 / 8)];

/**
 * Samples of all images in batches of `perBatch` images: in each batch view by view. The last batch is filled up with the last image.
 * @returns (batches, views, perBatch) packed samples
 */
export function viewSamples(
  { firstImage, count }: ImageRange,
  views: readonly TestView[],
  perBatch: number,
): Uint32Array<ArrayBuffer> {
  const batches = Math.ceil(count / perBatch);
  return Uint32Array.from({ length: batches * views.length * perBatch }, (_, at) => {
    const batch = Math.floor(at / (views.length * perBatch));
    const { flip, shift } = views[Math.floor(at / perBatch) % views.length]!;
    const place = Math.min(batch * perBatch + (at % perBatch), count - 1);
    return encodeSample({ image: firstImage + place, flip, cropDx: shift, cropDy: shift });
  });
}
