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

/** Objects made so far while commands of a label were recorded. */
export type ObjectCount = (label: string) => number;

/**
 * Counts from now on the objects that are made with a device, by what was being recorded: from where an encoder of a label is made to its submit. Steps do that
 * in one go, so that what is made beside them, such as by an evaluation that is prepared, counts for none.
 */
export function countObjects(device: GPUDevice): ObjectCount {
  const counts = new Map<string, number>();
  let recorded = '';
  const before = (owner: object, name: string, tell: (descriptor?: GPUObjectDescriptorBase) => void) => {
    const methods = owner as Record<string, (...args: never[]) => unknown>;
    const method = methods[name]!;
    methods[name] = (...args) => {
      tell(args[0]);
      return method.apply(owner, args);
    };
  };
  before(device, 'createCommandEncoder', (descriptor) => {
    recorded = descriptor?.label ?? '';
  });
  before(device.queue, 'submit', () => {
    recorded = '';
  });
  for (const name of makers)
    before(device, name, () => counts.set(recorded, (counts.get(recorded) ?? 0) + 1));
  return (label) => counts.get(label) ?? 0;
}
