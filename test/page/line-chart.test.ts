/** The page's charts, in a browser: what somebody zoomed into, and charts that are taken away. */
import { afterEach, expect, test, vi } from 'vitest';
import 'uplot/dist/uPlot.min.css';
import { type ChartSpec, LineChart, type LineSpec } from '../../src/page/charts/line-chart.ts';

const lines: readonly LineSpec[] = [{ label: 'loss', colour: 'training' }];
const ramp = (count: number) => {
  const x = Array.from({ length: count }, (_, i) => i);
  return [{ x, middle: x, low: x, high: x, broken: [] }];
};

const made: HTMLElement[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const element of made.splice(0)) element.remove();
});

function makeChart(spec: Partial<ChartSpec> = {}) {
  const container = document.createElement('div');
  container.style.width = '600px';
  document.body.append(container);
  made.push(container);
  const chart = new LineChart(container, {
    heightPx: 200,
    valueText: String,
    xText: (x) => `x${x}`,
    ...spec,
  });
  return { chart, container };
}

/** What the axis says: drawn on a canvas, so it is asked as it is drawn. */
function drawnTexts(): { readonly last: () => string[]; readonly all: () => string[] } {
  const texts: string[] = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  vi.spyOn(CanvasRenderingContext2D.prototype, 'fillText').mockImplementation(function (
    this: CanvasRenderingContext2D,
    ...drawn
  ) {
    texts.push(drawn[0]);
    fillText.apply(this, drawn);
  });
  const all = () => texts.splice(0).filter((text) => text !== '');
  return { all, last: () => texts.splice(0).filter((text) => text.startsWith('x')) };
}

/** uPlot paints in a microtask, and at the next frame. */
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

async function drag(container: HTMLElement, from: number, to: number): Promise<void> {
  const over = container.querySelector('.u-over')!;
  const { left, top, width } = over.getBoundingClientRect();
  const at = (part: number) => ({
    bubbles: true,
    clientX: left + part * width,
    clientY: top + 20,
    button: 0,
    movementX: 1, // uPlot takes a move of nothing for none.
  });
  over.dispatchEvent(new MouseEvent('mouseenter', at(from)));
  over.dispatchEvent(new MouseEvent('mousemove', at(from)));
  over.dispatchEvent(new MouseEvent('mousedown', at(from)));
  document.dispatchEvent(new MouseEvent('mousemove', at(to)));
  over.dispatchEvent(new MouseEvent('mousemove', at(to)));
  document.dispatchEvent(new MouseEvent('mouseup', at(to)));
  await painted();
}

const largest = (texts: readonly string[]) => Math.max(...texts.map((text) => Number(text.slice(1))));

test('what somebody zoomed into stays while values come, and a double click brings the whole axis back', async () => {
  const drawn = drawnTexts();
  const { chart, container } = makeChart();
  chart.show(lines, ramp(101), 200);
  await painted();
  expect(largest(drawn.last())).toBe(200);

  await drag(container, 0.1, 0.25); // Of 200.
  const zoomed = largest(drawn.last());
  expect(zoomed).toBeGreaterThan(30);
  expect(zoomed).toBeLessThanOrEqual(50);

  chart.show(lines, ramp(151), 200);
  await painted();
  expect(largest(drawn.last())).toBe(zoomed);

  container.querySelector('.u-over')!.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
  await painted();
  drawn.last();
  chart.show(lines, ramp(171), 200);
  await painted();
  expect(largest(drawn.last())).toBe(200);
});

test('a chart that is taken away is gone, and comes back with no change of size or colours', async () => {
  const listeners = new Set<unknown>();
  const matchMedia = window.matchMedia.bind(window);
  const asked: MediaQueryList[] = [];
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => {
    const list = matchMedia(query);
    asked.push(list);
    vi.spyOn(list, 'addEventListener').mockImplementation((_, listener, options) => {
      listeners.add(listener);
      (options as AddEventListenerOptions).signal?.addEventListener('abort', () =>
        listeners.delete(listener),
      );
    });
    return list;
  });
  const { chart, container } = makeChart();
  chart.show(lines, ramp(11), 10);
  await painted();
  expect(container.querySelectorAll('canvas')).toHaveLength(1);
  expect(listeners.size).toBe(asked.length);
  expect(asked.length).toBeGreaterThan(0);

  chart.destroy();
  expect(container.querySelectorAll('canvas')).toHaveLength(0);
  expect(listeners.size).toBe(0);
  container.style.width = '400px';
  await painted();
  expect(container.querySelectorAll('canvas')).toHaveLength(0);
});

const flat = (value: number) => [
  { x: [1, 2], middle: [value, value], low: [value, value], high: [value, value], broken: [] },
];

test.each([
  ['a flat line', {}, flat(0.1), 2],
  ['one that is all but flat', {}, [{ ...flat(0.1)[0]!, middle: [0.1, 0.10001] }], 2],
  ['a flat line by logarithms', { isLog: true }, flat(2.3), 2],
  ['nothing at all', {}, [{ x: [], middle: [], low: [], high: [], broken: [] }], 0],
] as const)('ticks of %s differ, and those of steps are whole', async (_, spec, curves, xMax) => {
  const drawn = drawnTexts();
  const { chart } = makeChart({ valueText: (value) => `y${value.toFixed(3)}`, xText: undefined!, ...spec });
  chart.show(lines, curves, xMax);
  await painted();
  drawn.all(); // The first painting is of a chart without lines.
  chart.show(lines, curves, xMax);
  await painted();
  const texts = drawn.all();
  const y = texts.filter((text) => text.startsWith('y'));
  const x = texts.filter((text) => /^\d/.test(text));
  expect(new Set(y).size).toBe(y.length);
  expect(y.length).toBeGreaterThan(1);
  expect(x).toEqual(xMax === 2 ? ['0', '1', '2'] : ['0', '1']);
});

test('an axis ends where its curves do, be that before 1', async () => {
  const drawn = drawnTexts();
  const { chart } = makeChart();
  chart.show(lines, [{ x: [0.05, 0.12], middle: [1, 2], low: [1, 2], high: [1, 2], broken: [] }], 0.12);
  await painted();
  expect(largest(drawn.last())).toBe(0.12);
});

test('values that are not finite are crosses within the plot, however many there are and wherever somebody zoomed', async () => {
  const crosses: number[] = [];
  const { lineTo } = CanvasRenderingContext2D.prototype;
  vi.spyOn(CanvasRenderingContext2D.prototype, 'lineTo').mockImplementation(function (
    this: CanvasRenderingContext2D,
    x,
    y,
  ) {
    // uPlot draws lines as paths.
    crosses.push(x);
    lineTo.call(this, x, y);
  });
  const { chart, container } = makeChart();
  const x = Array.from({ length: 5001 }, (_, i) => i);
  chart.show(lines, [{ x, middle: x, low: x, high: x, broken: x.slice(1000) }], 5000);
  await painted();
  crosses.length = 0;
  await drag(container, 0.5, 0.75);
  const plot = container.querySelector<HTMLElement>('.u-over')!;
  const [left, width] = [plot.offsetLeft * devicePixelRatio, plot.offsetWidth * devicePixelRatio];
  const arm = 4 * devicePixelRatio;
  expect(Math.min(...crosses)).toBeGreaterThanOrEqual(left - arm - 1);
  expect(Math.max(...crosses)).toBeLessThanOrEqual(left + width + arm + 1);
  // To the last of 4,001.
  expect(Math.max(...crosses)).toBeGreaterThan(left + 0.98 * width);
  // One for each pixel, and of each two lines.
  expect(new Set(crosses).size).toBeGreaterThan(0.9 * width);
});

test('the legend has no value behind the last of a line, nor behind the last finite one', async () => {
  const { chart, container } = makeChart({ valueText: (value) => `y${value}` });
  const of = (x: readonly number[], middle: readonly number[]) => ({
    x,
    middle,
    low: middle,
    high: middle,
    broken: [],
  });
  const names = ['long', 'short', 'diverged', 'sparse'];
  const x = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
  chart.show(
    names.map((label) => ({ label, colour: 'training' })),
    [
      of(x, x),
      of([0, 20, 40], [0, 20, 40]),
      of(
        x,
        x.map((value) => (value > 50 ? Number.NaN : value)),
      ),
      of([0, 80], [0, 80]),
    ],
    100,
  );
  await painted();
  const over = container.querySelector('.u-over')!;
  const { left, top, width } = over.getBoundingClientRect();
  const legendAt = async (part: number) => {
    const at = { bubbles: true, clientX: left + part * width, clientY: top + 20, movementX: 1 };
    for (const type of ['mouseenter', 'mousemove']) over.dispatchEvent(new MouseEvent(type, at));
    await painted();
    return [...container.querySelectorAll('.u-value')].map(({ textContent }) => textContent);
  };
  expect(await legendAt(0.3)).toEqual(['x30', 'y30', 'y20', 'y30', 'y0']);
  expect(await legendAt(0.5)).toEqual(['x50', 'y50', '–', 'y50', 'y0']);
  expect(await legendAt(0.9)).toEqual(['x90', 'y90', '–', '–', '–']);
  over.dispatchEvent(new MouseEvent('mouseleave', { bubbles: true }));
  await painted();
  // Without a cursor, the last ones.
  const texts = [...container.querySelectorAll('.u-value')].map(({ textContent }) => textContent);
  expect(texts).toEqual(['x100', 'y100', 'y40', 'y50', 'y80']);
});
