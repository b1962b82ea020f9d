import type { Signal } from '@preact/signals-core';
import { html, nothing, type TemplateResult } from 'lit-html';

/** What of a link could not be used; nothing where all of it was. */
export function refusedView(refused: Signal<readonly string[]>): TemplateResult | typeof nothing {
  if (refused.value.length === 0) return nothing;
  return html`<div class="refused" role="alert">
    <p>Of the link, this could not be used:</p>
    <ul>
      ${refused.value.map((line) => html`<li>${line}</li>`)}
    </ul>
    <button type="button" class="link" @click=${() => (refused.value = [])}>Dismiss</button>
  </div>`;
}
