// What is drawn pixel by pixel: the first layer's weights, and images that the net was asked about.
import { html, nothing, type TemplateResult } from 'lit-html';
import { ref } from 'lit-html/directives/ref.js';
import { defaultDataset } from '../../../data/datasets/index.ts';
import { imageBytes } from '../../../data/record-set.ts';
import type { PictureGuess, SampleGuesses, WeightPictures } from '../../engine/protocol.ts';
import { percent } from '../../format.ts';

const { image, classNames } = defaultDataset;
const { height, width } = image;
const planePixels = height * width;
const bytesOfImage = imageBytes(defaultDataset);

function draw(canvas: Element | undefined, pixels: Uint8ClampedArray<ArrayBuffer>): void {
  const context = (canvas as HTMLCanvasElement | undefined)?.getContext('2d');
  context?.putImageData(new ImageData(pixels, width, height), 0, 0);
}

/** One square for each unit of the first layer. */
export function weightsView(pictures: WeightPictures | undefined): TemplateResult | typeof nothing {
  if (pictures === undefined) return nothing;
  const { count, pixels } = pictures;
  const squares = Array.from({ length: count }, (_, i) =>
    pixels.slice(i * planePixels * 4, (i + 1) * planePixels * 4),
  );
  return html`<div class="squares" role="img" aria-label="Weights of ${count} units of the first layer, as pictures">
    ${squares.map(
      (square) =>
        html`<canvas width=${width} height=${height} ${ref((canvas) => draw(canvas, square))}></canvas>`,
    )}
  </div>`;
}

/** Planes of red, green and blue as RGBA. */
export function imagePixels(bytes: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(planePixels * 4).fill(255);
  for (let pixel = 0; pixel < planePixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[4 * pixel + channel] = bytes[channel * planePixels + pixel]!;
    }
  }
  return pixels;
}

/** Classes by probability, the likeliest first. */
export function likeliest(probabilities: ArrayLike<number>, most: number): { name: string; share: number }[] {
  return Array.from(probabilities, (share, index) => ({ name: classNames[index] ?? String(index), share }))
    .sort((a, b) => b.share - a.share)
    .slice(0, most);
}

/** Fixed test images with their three likeliest classes. */
export function guessesView(guesses: SampleGuesses | undefined): TemplateResult | typeof nothing {
  if (guesses === undefined) return nothing;
  const { images, labels, probabilities } = guesses;
  const classes = probabilities.length / labels.length;
  return html`<ul class="guesses">
    ${labels.map((label, i) => {
      const three = threeOf(probabilities.subarray(i * classes, (i + 1) * classes));
      const truth = classNames[label]!;
      const hasAnswer = three.length > 0;
      const isRight = three[0]?.name === truth;
      const pixels = imagePixels(images.subarray(i * bytesOfImage, (i + 1) * bytesOfImage));
      return html`<li data-right=${isRight}>
        <canvas
          width=${width}
          height=${height}
          role="img"
          aria-label="Test image of class ${truth}"
          ${ref((canvas) => draw(canvas, pixels))}
        ></canvas>
        <p class="truth">${truth} <span class="verdict">${!hasAnswer ? 'no answer' : isRight ? 'right' : 'wrong'}</span></p>
        ${answersView(three)}
      </li>`;
    })}
  </ul>`;
}

type Answer = ReturnType<typeof likeliest>[number];

/** None of a net that diverged: the first class would count as the likeliest. */
const threeOf = (probabilities: Float32Array): readonly Answer[] =>
  probabilities.every(Number.isFinite) ? likeliest(probabilities, 3) : [];

const answersView = (answers: readonly Answer[]): TemplateResult =>
  html`<ol>${answers.map(({ name, share }) => html`<li>${name} <span>${percent(share)}</span></li>`)}</ol>`;

/** A picture of the visitor's own, as the net gets it, and what it takes it for. */
export function ownPictureView(
  own: PictureGuess | string | undefined,
  take: (file: File) => void,
): TemplateResult {
  const choose = ({ target }: Event) => {
    const input = target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file !== undefined) take(file);
    input.value = '';
  };
  return html`<p class="buttons">
      <label class="file">Try a picture of your own<input type="file" id="own-picture" accept="image/*" @change=${choose} /></label>
      <span class="help">Its middle square. It does not leave this browser.</span>
    </p>
    <div id="own-guess" role="status">
      ${
        typeof own !== 'object'
          ? own
          : html`<ul class="guesses">
            <li>
              <canvas width=${width} height=${height} ${ref((canvas) => draw(canvas, imagePixels(own.image)))}></canvas>
              ${answersView(threeOf(own.probabilities))}
            </li>
          </ul>`
      }
    </div>`;
}

/** Test images of each class by the class that they were taken for: the sum over seeds. */
export function confusionView(seeds: readonly (readonly number[])[]): TemplateResult | typeof nothing {
  const confusion = seeds[0]?.map((_, i) => seeds.reduce((sum, seed) => sum + seed[i]!, 0));
  if (confusion === undefined) return nothing;
  const classes = Math.round(Math.sqrt(confusion.length));
  const names = classNames.slice(0, classes);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
    <table class="confusion">
      <caption>
        Test images of a class (row) by the class that they were taken for
        (column)${seeds.length > 1 ? `, ${seeds.length} seeds together` : ''}
      </caption>
      <thead>
        <tr>
          <td></td>
          ${names.map((name) => html`<th scope="col"><span>${name}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${names.map((name, t) => {
          const row = confusion.slice(t * classes, (t + 1) * classes);
          const total = row.reduce((sum, value) => sum + value, 0);
          return html`<tr>
            <th scope="row">${name}</th>
            ${row.map((value, p) => html`<td data-diagonal=${p === t} data-shade=${shade(value, total)}>${value}</td>`)}
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

/** Ten shades, by the share of the row. */
const shade = (value: number, total: number): number =>
  total === 0 ? 0 : Math.min(9, Math.floor((10 * value) / total));
