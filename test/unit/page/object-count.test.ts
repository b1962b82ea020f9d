import { expect, test } from 'vitest';
import { countObjects } from '../../../src/page/engine/object-count.ts';

/** A device that makes nothing. */
function fakeDevice(): GPUDevice {
  const nothing = () => ({});
  const makers = [
    'Buffer',
    'Texture',
    'Sampler',
    'BindGroup',
    'BindGroupLayout',
    'PipelineLayout',
    'ShaderModule',
  ];
  const others = ['ComputePipeline', 'ComputePipelineAsync', 'QuerySet', 'CommandEncoder'];
  const methods = [...makers, ...others].map((name) => [`create${name}`, nothing]);
  return { ...Object.fromEntries(methods), queue: { submit() {} } } as unknown as GPUDevice;
}

test('objects are counted by what is recorded while they are made: what is made beside a step is none of it', () => {
  const device = fakeDevice();
  const objects = countObjects(device, 'step');
  const makeBuffer = () => device.createBuffer({ size: 4, usage: 0 });
  const submit = (label: string, ...made: (() => unknown)[]) => {
    device.createCommandEncoder({ label });
    for (const make of made) make();
    device.queue.submit([]);
  };
  makeBuffer();
  submit('step');
  expect(objects()).toBe(0);
  submit('evaluation', makeBuffer);
  submit('step', makeBuffer, () => device.createBindGroup({} as GPUBindGroupDescriptor));
  makeBuffer();
  submit('step');
  expect(objects()).toBe(2);
});
