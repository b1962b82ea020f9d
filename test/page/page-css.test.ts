/** What page.css does beyond looks: where the focus is seen, and what is left of the page in forced colours. */
import { cdp } from '@vitest/browser/context';
import { afterEach, beforeEach, expect, test } from 'vitest';
import pageStyle from '../../src/page/page.css?inline';

const client = cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
const emulate = (features: readonly object[]) => client.send('Emulation.setEmulatedMedia', { features });

const made: HTMLElement[] = [];
function add(parent: HTMLElement, html: string): HTMLElement {
  const template = document.createElement('template');
  template.innerHTML = html;
  const element = template.content.firstElementChild as HTMLElement;
  parent.append(element);
  made.push(element);
  return element;
}

beforeEach(() => {
  const style = document.createElement('style');
  style.textContent = pageStyle;
  document.head.append(style);
  made.push(style);
});
afterEach(async () => {
  for (const element of made.splice(0)) element.remove();
  scrollTo(0, 0);
  await emulate([]);
});

test('a field that takes the focus is not behind the bar of the run', () => {
  const bar = add(
    document.body,
    '<section id="run-bar"><div class="run-bar"><button>Stop</button></div></section>',
  );
  const form = add(
    document.body,
    '<div><p style="height: 2000px"></p><input type="text"><p style="height: 5000px"></p></div>',
  );
  const input = form.querySelector('input')!;
  // On the screen as far as the browser knows, and below the bar.
  scrollTo(0, scrollY + input.getBoundingClientRect().top - 5);
  expect(input.getBoundingClientRect().top).toBeCloseTo(5, 0);
  input.focus();
  expect(bar.getBoundingClientRect().top).toBe(0);
  expect(input.getBoundingClientRect().top).toBeGreaterThanOrEqual(bar.getBoundingClientRect().bottom);
});

test('in forced colours the link of the view that is shown differs from the others, and lines keep the colours of the legend', async () => {
  const nav = add(
    document.body,
    '<nav><a href="#/a" aria-current="page">A</a><a href="#/b" aria-current="false">B</a></nav>',
  );
  const legend = add(
    document.body,
    '<div class="chart"><table class="u-legend"><tr></tr><tr><th><div class="u-marker" style="background: rgb(1, 2, 3)"></div></th></tr></table></div>',
  );
  await emulate([{ name: 'forced-colors', value: 'active' }]);
  const [current, other] = [...nav.querySelectorAll('a')].map(
    (link) => getComputedStyle(link).borderBottomColor,
  );
  expect(other).toBe(getComputedStyle(document.body).backgroundColor);
  expect(current).not.toBe(other);
  expect(getComputedStyle(legend.querySelector('.u-marker')!).backgroundColor).toBe('rgb(1, 2, 3)');
});
