/** The GPU view in a page that is made up. */
import { signal } from '@preact/signals-core';
import { afterEach, expect, test } from 'vitest';
import { defaultDataset } from '../../src/data/datasets/index.ts';
import { recordSetBytes } from '../../src/data/record-set.ts';
import type { App } from '../../src/page/model/app.ts';
import type { DataStatus } from '../../src/page/model/status.ts';
import { mountGpu } from '../../src/page/views/gpu/gpu-view.ts';

const roots: HTMLElement[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) root.remove();
});

const all = recordSetBytes(defaultDataset);
const absent = (missingBytes: number): DataStatus => ({
  state: 'absent',
  missingBytes,
  canKeep: true,
  why: '',
});

/** Shows the view; `leaves` is what is there when data were deleted. */
async function mount(before: DataStatus, leaves: () => DataStatus) {
  const said: string[] = [];
  const events: string[] = [];
  const calls = { deleted: 0 };
  const data = signal<DataStatus>(before);
  const app = {
    gpu: signal({ state: 'probing' }),
    run: signal({ state: 'none' }),
    events: signal([]),
    data,
    announce: (text: string) => said.push(text),
    log: (text: string) => events.push(text),
    deleteData: async () => {
      calls.deleted++;
      data.value = leaves();
    },
  } as unknown as App;
  const root = document.createElement('div');
  document.body.append(root);
  roots.push(root);
  mountGpu(root, app, () => true);
  const find = (act: string) => root.querySelector<HTMLButtonElement>(`[data-act=${act}]`)!;
  await expect.poll(() => find('delete-data')).not.toBeNull();
  return { root, said, events, calls, data, find };
}

test('data are deleted when a second button was pressed, and that is said', async () => {
  const { root, said, events, calls, find } = await mount({ state: 'kept' }, () => absent(all));
  find('delete-data').click();
  const dialog = root.querySelector('dialog')!;
  expect(dialog.open).toBe(true);
  expect(dialog.textContent).toMatch(/Delete CIFAR-10, 184 MB, from this device\?/);
  // Pressed twice by mistake, it keeps them.
  expect(document.activeElement).toBe(find('delete-no'));
  find('delete-no').click();
  expect([dialog.open, calls.deleted]).toEqual([false, 0]);

  find('delete-data').click();
  find('delete-yes').click();
  await expect.poll(() => said).toEqual(['CIFAR-10 was deleted from this device']);
  expect(events).toEqual(said);
  expect([dialog.open, calls.deleted]).toEqual([false, 1]);
  await expect.poll(() => find('delete-data').disabled).toBe(true);
  expect(document.activeElement).toBe(root.querySelector('#storage'));
});

test('data that are partly here can be deleted; what could not be deleted is said', async () => {
  const file = all / 6;
  let left = file;
  const { root, said, find } = await mount(absent(4 * file), () => {
    if (left < 0) throw new Error('the worker was ended');
    return absent(all - left);
  });
  expect(find('delete-data').disabled).toBe(false);
  find('delete-data').click();
  expect(root.querySelector('dialog')!.textContent).toMatch(/Delete CIFAR-10, 61 MB, from this device\?/);
  find('delete-yes').click();
  const shown = () => root.querySelector('#data-deleted')?.textContent;
  await expect
    .poll(shown)
    .toBe('31 MB of CIFAR-10 could not be deleted: close other tabs of this page, and try again');
  expect(said).toEqual([shown()]);
  left = -1;
  find('delete-data').click();
  await expect.poll(shown).toBeUndefined();
  find('delete-yes').click();
  await expect.poll(shown).toBe('CIFAR-10 was not deleted: the worker was ended');
  left = 0;
  find('delete-data').click();
  find('delete-yes').click();
  await expect.poll(shown).toBe('CIFAR-10 was deleted from this device');
});

test('where the data could not be looked for, they can be deleted; while they come, they cannot', async () => {
  const { data, find } = await mount({ state: 'error' }, () => absent(all));
  expect(find('delete-data').disabled).toBe(false);
  data.value = { state: 'checking', doneBytes: 1, totalBytes: 2 };
  await expect.poll(() => find('delete-data').disabled).toBe(true);
});
