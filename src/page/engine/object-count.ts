/** What a step could make and should not. Command encoders are made once for a submit. */
const makers = [
  'createBuffer',
  'createTexture',
  'createSampler',
  'createBindGroup',
  'createBindGroupLayout',
  'createPipelineLayout',
  'createShaderModule',
  'createComputePipeline',
  'createComputePipelineAsync',
  'createQuerySet',
] as const;

/** Counts from now on the objects that are made with a device. */
export function countObjects(device: GPUDevice): () => number {
  let count = 0;
  const methods = device as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of makers) {
    const make = methods[name]!;
    methods[name] = (...args) => {
      count++;
      return make.apply(device, args);
    };
  }
  return () => count;
}
