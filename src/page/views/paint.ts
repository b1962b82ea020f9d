import { effect } from '@preact/signals-core';
import { render, type TemplateResult } from 'lit-html';
import { FocusKeeper } from './focus-keeper.ts';

/** Frames between two paintings are left to the GPU, which also trains. */
const spacingMs = 100;

/**
 * Renders a template into an element, and again when a signal that it read has changed: with a frame, ten times a second at most. `after` runs behind each
 * painting, for what is drawn by hand. The focus is kept.
 */
export function paint(element: HTMLElement, template: () => TemplateResult, after?: () => void): void {
  element.replaceChildren();
  const focus = new FocusKeeper(element);
  let newest: TemplateResult | undefined;
  let paintedMs = Number.NEGATIVE_INFINITY;
  const show = () => {
    if (newest === undefined) return;
    paintedMs = performance.now();
    focus.look();
    render(newest, element);
    newest = undefined;
    after?.();
    focus.keep();
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
