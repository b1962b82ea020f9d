// What the pictures have in common: text that cannot break out, scales, ticks, colours.

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Maps values to pixels. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** From 0 to `max`, with about five ticks at round numbers. */
export function linearScale(max: number, from: number, to: number): Scale {
  const step = roundStep(max / 5);
  const count = Math.floor(max / step + 1e-9);
  return {
    at: (value) => from + ((to - from) * value) / max,
    ticks: Array.from({ length: count + 1 }, (_, i) => i * step),
  };
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= step) ?? 10;
  return factor * power;
}

/** Logarithmic, with a tick at each power of ten, and at 2 and 5 times it where there are few. */
export function logScale(min: number, max: number, from: number, to: number): Scale {
  const [low, high] = [Math.log10(min), Math.log10(max)];
  const factors = high - low < 3 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(3));
      if (tick >= min && tick <= max) ticks.push(tick);
    }
  }
  return { at: (value) => from + ((to - from) * (Math.log10(value) - low)) / (high - low), ticks };
}

export const fixed = (pixels: number): string => pixels.toFixed(1);

/** Colours by name. */
export type Colours = ReadonlyMap<string, string>;

/** A colour per name, hues a golden angle apart and in two lightnesses: one map for all pictures of a report. */
export function colours(names: readonly string[]): Colours {
  const unique = [...new Set(names)].sort();
  return new Map(
    unique.map((name, i) => [name, `hsl(${((i * 137.5) % 360).toFixed(0)} 60% ${i % 2 === 0 ? 45 : 62}%)`]),
  );
}

export const line = (x1: number, y1: number, x2: number, y2: number, className: string): string =>
  `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" class="${className}"/>`;

export const text = (
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
): string => `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;

export const svg = (width: number, height: number, label: string, content: readonly string[]): string =>
  `<svg viewBox="0 0 ${width} ${fixed(height)}" width="${width}" role="img" aria-label="${escapeHtml(label)}">${content.join('')}</svg>`;
