import { expect, test, vi } from 'vitest';
import { takeDrops } from '../../../src/page/store/dropped-files.ts';

test('files that are dropped are the page’s, and text that is dropped is its field’s', async () => {
  const target = new EventTarget();
  const take = vi.fn(async () => {});
  takeDrops(target, take);
  const file = new File([], 'cat.png');
  const drop = (type: string, kind: string) => {
    const event = new Event(type, { cancelable: true });
    const dataTransfer = { types: [kind], items: [], files: [file] };
    target.dispatchEvent(Object.assign(event, { dataTransfer }));
    return event.defaultPrevented;
  };
  expect(drop('dragover', 'text/plain')).toBe(false);
  expect(drop('drop', 'text/plain')).toBe(false);
  expect(drop('dragover', 'Files')).toBe(true);
  expect(take).not.toHaveBeenCalled();
  expect(drop('drop', 'Files')).toBe(true);
  await vi.waitFor(() => expect(take).toHaveBeenCalledExactlyOnceWith([file]), 10_000);
});
