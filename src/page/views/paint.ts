import { effect } from '@preact/signals-core';
import { render, type TemplateResult } from 'lit-html';
import { keepFocus } from './keep-focus.ts';

/** Frames between two paintings are left to the GPU, which also trains. */
const spacingMs = 100;

/**
 * Renders a template into an element, and again when a signal that it read has changed: with a frame, ten times a second at most. `after` runs behind each
 * painting, for what is drawn by hand. The focus is kept.
 */
export function paint(element: HTMLElement, template: () => TemplateResult, after?: () => void): void {
  element.replaceChildren();
  let newest: TemplateResult | undefined;
  let paintedMs = Number.NEGATIVE_INFINITY;
  const show = () => {
    const shown = newest;
    if (shown === undefined) return;
    paintedMs = performance.now();
    keepFocus(element, () => {
      render(shown, element);
      newest = undefined;
      after?.();
    });
  };
  effect(() => {
    const isDue = newest === undefined;
    newest = template();
    if (!isDue) return;
    const waitMs = paintedMs + spacingMs - performance.now();
    if (waitMs <= 0) requestAnimationFrame(show);
    else setTimeout(() => requestAnimationFrame(show), waitMs);
  });
}
