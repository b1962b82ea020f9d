// Every text that training may compile: each variant of each op at the shapes of the nets, and at a shape of its check table.

import { hasNarrowTail, nets, settingsOf } from '../../bench/suites/nets.ts';
import { type AdapterKind, traitsOf } from '../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../src/gpu/device.ts';
import type { Tensor } from '../../src/gpu/tensor.ts';
import { shaderText } from '../../src/kernels/call.ts';
import { kernels } from '../../src/kernels/index.ts';
import { type Kernel, refusal, type Shape, shapeText } from '../../src/kernels/kernel.ts';
import { recordCalls } from '../../src/measure/recorded-calls.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';

/** A text and what it is of. */
export interface NetText {
  readonly op: string;
  /** `matmul-forward/quad-5x12 M=100 N=52 K=52` */
  readonly name: string;
  readonly subgroups: boolean;
  readonly code: () => string;
}

/** An adapter on which every variant runs. */
const capabilities = (kind: AdapterKind): Capabilities => ({
  ...traitsOf(kind),
  mostUnrolled: Number.POSITIVE_INFINITY,
  software: kind === 'swiftshader',
  subgroups: true,
  eightLanes: true,
  maxWorkgroupStorageSize: 65_536,
  maxInvocationsPerWorkgroup: 1024,
  maxWorkgroupsPerDimension: 65_535,
});

/** The calls of the nets that are benched, as SwiftShader and as a GPU records them, whose shapes are all that matters. */
async function netShapes(): Promise<Map<Kernel, Map<string, Shape>>> {
  const shapes = new Map<Kernel, Map<string, Shape>>();
  for (const net of nets) {
    for (const kind of ['swiftshader', 'gpu'] as const) {
      const options = {
        settings: settingsOf(net, 2),
        capabilities: capabilities(kind),
        images: 1000,
        fuseGather: kind === 'swiftshader',
      };
      const calls = [
        ...recordCalls(options),
        ...(hasNarrowTail(net) ? recordCalls({ ...options, oneWorkgroup: true }) : []),
      ];
      for (const { kernel, shape } of calls) {
        const known = shapes.get(kernel) ?? new Map<string, Shape>();
        shapes.set(kernel, known.set(shapeText(shape), shape));
      }
    }
  }
  return shapes;
}

export async function netTexts(): Promise<NetText[]> {
  const used = await netShapes();
  const texts: NetText[] = [];
  for (const kernel of kernels) {
    const fromNets = [...(used.get(kernel)?.values() ?? [])];
    for (const variant of kernel.variants) {
      const runs = (shape: Shape) => refusal(variant, shape, capabilities('gpu')) === undefined;
      const other = defaultShapes(kernel.op, 2).filter(runs).slice(-1);
      for (const shape of [...fromNets.filter(runs), ...other]) {
        const tensor = { replicas: 2, replicaStride: 2 ** 16 } as Tensor;
        const tensors = Object.fromEntries(kernel.bindings.map(({ name }) => [name, tensor]));
        const name = `${kernel.op}/${variant.name} ${shapeText(shape)}`;
        texts.push({
          op: kernel.op,
          name,
          subgroups: variant.subgroups === true,
          code: () => shaderText(kernel, variant, shape, tensors),
        });
      }
    }
  }
  return texts;
}
