/** Copies a link to this page with `hash`, such as `#/train?v=1`; the button that was pressed says what became of it. */
export async function copyLink(hash: string, event: Event): Promise<void> {
  const button = event.target as HTMLButtonElement;
  try {
    await navigator.clipboard.writeText(`${location.href.split('#')[0]}${hash}`);
    button.textContent = 'Copied';
  } catch {
    history.replaceState(history.state, '', hash);
    button.textContent = 'The link is in the address bar';
  }
  setTimeout(() => {
    button.textContent = 'Copy link';
  }, 2000);
}
