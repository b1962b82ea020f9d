/** The old nets keep their plans: calls, labels, variants, grids and the text of every shader, on both kinds of adapter. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { traitsOf } from '../../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../../src/gpu/device.ts';
import { type KernelCall, replicasOf, shaderText } from '../../../src/kernels/call.ts';
import { defaultChoice } from '../../../src/kernels/variant-choice.ts';
import { recordCalls } from '../../../src/measure/recorded-calls.ts';
import expected from '../../fixtures/recorded/same-plans.json';
import { type SameRun, sameRuns } from '../../same-runs.ts';

const adapter = {
  subgroups: true,
  eightLanes: true,
  maxWorkgroupStorageSize: 16384,
  maxInvocationsPerWorkgroup: 256,
  maxWorkgroupsPerDimension: 65535,
};
const adapters: Readonly<Record<string, Capabilities>> = {
  software: { ...adapter, ...traitsOf('swiftshader'), software: true },
  hardware: { ...adapter, ...traitsOf('gpu'), software: false },
};

const callsOf = ({ settings, fuseGather }: SameRun, capabilities: Capabilities): readonly KernelCall[] =>
  recordCalls({
    settings,
    capabilities,
    images: 50_000,
    fuseGather,
  });

const sha = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
/** Comments and blank lines compile to nothing. */
const bare = (wgsl: string): string =>
  wgsl
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trimEnd())
    .filter((line) => line !== '')
    .join('\n');

/** Per call: `label: op/variant grid` -> hash of the text. */
function planOf(calls: readonly KernelCall[], capabilities: Capabilities): Record<string, string> {
  return Object.fromEntries(
    calls.map((call) => {
      const { label, kernel, shape, tensors } = call;
      const replicas = replicasOf(call);
      const variant = defaultChoice(kernel, shape, capabilities, { label, replicas });
      // Variants had twins for crops and shards once; their texts did not.
      const name = variant.name.replace(/-(crop|sharded)$/, '');
      const grid = [...variant.grid(shape), replicas].join('x');
      return [
        `${label}: ${kernel.op}/${name} ${grid}`,
        sha(bare(shaderText(kernel, variant, shape, tensors))),
      ];
    }),
  );
}

const cases = Object.entries(sameRuns).flatMap(([name, run]) =>
  Object.entries(adapters).map(([kind, capabilities]) => ({ title: `${name}, ${kind}`, run, capabilities })),
);

/** `WGRAD_RECORD=1` writes what is seen into the fixture: for a change that is meant, with the reason in its commit. */
const seen: Record<string, Record<string, string>> = {};
afterAll(() => {
  if (process.env.WGRAD_RECORD !== '1') return;
  const fixture = new URL('../../fixtures/recorded/same-plans.json', import.meta.url);
  writeFileSync(fixture, `${JSON.stringify(seen, null, 1)}\n`);
});

describe('plans and shader texts are those of before', () => {
  test.each(cases)('$title', ({ title, run, capabilities }) => {
    const plan = planOf(callsOf(run, capabilities), capabilities);
    seen[title] = plan;
    expect(Object.entries(plan)).toEqual(
      Object.entries((expected as Record<string, Record<string, string>>)[title] ?? {}),
    );
  });
});
