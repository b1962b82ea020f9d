import { html, nothing, type TemplateResult } from 'lit-html';
import type { Notice } from '../model/texts.ts';

/** Something that went wrong, and what to do. */
export function noticeView(
  notice: Notice | undefined,
  actions: TemplateResult | typeof nothing = nothing,
): TemplateResult | typeof nothing {
  if (notice === undefined) return nothing;
  const { title, text, advice, details } = notice;
  return html`<section class="card notice" role="alert">
    <h2>${title}</h2>
    <p>${text}</p>
    ${details === undefined ? nothing : html`<pre tabindex="0">${details}</pre>`}
    <ul>
      ${advice.map((line) => html`<li>${line}</li>`)}
    </ul>
    ${actions}
  </section>`;
}
