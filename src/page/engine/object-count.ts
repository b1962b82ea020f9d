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

/**
 * Counts from now on the objects that are made with a device while commands of this label are recorded: from where their encoder is made to its submit. Steps
 * do that in one go, so that what is made beside them, such as by an evaluation that is prepared, is not counted.
 */
export function countObjects(device: GPUDevice, label: string): () => number {
  let isRecorded = false;
  let count = 0;
  const before = (owner: object, name: string, tell: (descriptor?: GPUObjectDescriptorBase) => void) => {
    const methods = owner as Record<string, (...args: never[]) => unknown>;
    const method = methods[name]!;
    methods[name] = (...args) => {
      tell(args[0]);
      return method.apply(owner, args);
    };
  };
  for (const name of makers) {
    before(device, name, () => {
      count += Number(isRecorded);
    });
  }
  before(device, 'createCommandEncoder', (descriptor) => {
    isRecorded = descriptor?.label === label;
  });
  before(device.queue, 'submit', () => {
    isRecorded = false;
  });
  return () => count;
}
