const controls = 'button, summary, a[href], input, select, [tabindex]';
/** What Enter does something with: a key that is held, or pressed twice, would do what nobody meant. */
const pressed = 'button, summary, a';

/**
 * Keeps the focus where somebody works. What has it may be gone when a view is painted, or cannot be pressed any more: the browser would begin again at the
 * top of the page. It goes to the field that took the place or, from button to button, to what they are in: the next Tab leads to the first of them.
 */
export class FocusKeeper {
  readonly #root: HTMLElement;
  /** What has the focus, and what that is in up to the root. */
  #path: HTMLElement[] = [];

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Ahead of a painting. */
  look(): void {
    this.#path = [];
    if (!this.#root.contains(document.activeElement)) return;
    let each = document.activeElement as HTMLElement;
    for (; each !== this.#root; each = each.parentElement!) this.#path.push(each);
    this.#path.push(each);
  }

  /** Behind a painting. Where that has moved the focus itself, it stays there. */
  keep(): void {
    const [had, ...around] = this.#path;
    if (had === undefined || (had.isConnected && !had.matches(':disabled'))) return;
    if (document.activeElement !== had && document.activeElement !== document.body) return;
    const controlIn = (each: HTMLElement) => each.querySelector<HTMLElement>(controls);
    const place = around.find((each) => each.isConnected && controlIn(each) !== null) ?? this.#root;
    const control = controlIn(place);
    const next = control === null || control.matches(pressed) ? place : control;
    if (next === place) place.tabIndex = -1;
    next.focus({ preventScroll: true });
  }
}
