// Every text that training may compile passes Tint, Chrome's compiler; test/unit/portable-shaders.test.ts asks naga.
import { expect, test } from 'vitest';
import { kernels } from '../../src/kernels/index.ts';
import { netTexts } from './net-texts.ts';
import { gpu } from './test-gpu.ts';

const texts = await netTexts();

test.each(kernels.map(({ op }) => op))('Tint accepts the texts of %s', async (op) => {
  const own = texts.filter((text) => text.op === op);
  expect(own).not.toHaveLength(0);
  for (const { name, code, subgroups } of own) {
    if (subgroups && !gpu.capabilities.subgroups) continue;
    gpu.device.pushErrorScope('validation');
    gpu.device.createShaderModule({ label: name, code: code() });
    expect((await gpu.device.popErrorScope())?.message, name).toBeUndefined();
  }
});
