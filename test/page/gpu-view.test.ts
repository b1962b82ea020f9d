/** The GPU view in a page that is made up. */
import { signal } from '@preact/signals-core';
import { afterEach, expect, test } from 'vitest';
import type { App } from '../../src/page/model/app.ts';
import type { DataStatus } from '../../src/page/model/status.ts';
import { mountGpu } from '../../src/page/views/gpu/gpu-view.ts';

const roots: HTMLElement[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) root.remove();
});

test('data are deleted when a second button was pressed, and that is said', async () => {
  const said: string[] = [];
  let deleted = 0;
  const data = signal<DataStatus>({ state: 'kept' });
  const app = {
    gpu: signal({ state: 'probing' }),
    run: signal({ state: 'none' }),
    events: signal([]),
    data,
    announce: (text: string) => said.push(text),
    deleteData: async () => {
      deleted++;
      data.value = { state: 'absent', missingBytes: 184e6, canKeep: true, why: '' };
    },
  } as unknown as App;
  const root = document.createElement('div');
  document.body.append(root);
  roots.push(root);
  mountGpu(root, app, () => true);
  const find = (act: string) => root.querySelector<HTMLButtonElement>(`[data-act=${act}]`)!;
  await expect.poll(() => find('delete-data')).not.toBeNull();

  find('delete-data').click();
  const dialog = root.querySelector('dialog')!;
  expect(dialog.open).toBe(true);
  expect(dialog.textContent).toMatch(/Delete CIFAR-10, 184 MB, from this device\?/);
  // Pressed twice by mistake, it keeps them.
  expect(document.activeElement).toBe(find('delete-no'));
  find('delete-no').click();
  expect([dialog.open, deleted]).toEqual([false, 0]);

  find('delete-data').click();
  find('delete-yes').click();
  await expect.poll(() => said).toEqual(['CIFAR-10 was deleted from this device']);
  expect([dialog.open, deleted]).toEqual([false, 1]);
  await expect.poll(() => find('delete-data').disabled).toBe(true);
  expect(document.activeElement).toBe(root.querySelector('#storage'));
});
