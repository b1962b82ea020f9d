/**
 * Paints, and keeps the focus where somebody works. What has it may be gone then, or cannot be pressed any more: the browser would begin again at the top of the
 * page. It goes to the field beside it or, where there are buttons alone, to what these are in: a key that is held, or pressed twice, would press what nobody
 * meant. Where the painting itself moves it, it stays there.
 */
export function keepFocus(root: HTMLElement, paint: () => void): void {
  const around: HTMLElement[] = [];
  let each = document.activeElement as HTMLElement;
  while (each !== root && root.contains(each)) {
    each = each.parentElement!;
    around.push(each);
  }
  paint();
  const place = around.find(({ isConnected }) => isConnected);
  if (place === undefined || !document.activeElement!.matches('body, :disabled')) return;
  const field = place.querySelector<HTMLElement>('input, select, [tabindex]');
  if (field === null) place.tabIndex = -1;
  (field ?? place).focus({ preventScroll: true });
}
