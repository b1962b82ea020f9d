import { compareRows, usable } from '../../src/measure/compare.ts';
import type { BenchFile, Group, Row } from '../../src/measure/schema.ts';
import { median } from '../../src/measure/statistics.ts';
import { digits, duration } from './format.ts';
import type { Table } from './tables.ts';

/** Peers as the README names them, by row; the rest of a row's name is a way to run them. */
const peers: readonly { readonly row: string; readonly name: string }[] = [
  { row: 'jax-wasm', name: 'jax-js Wasm' },
  { row: 'jax-wasm-sync', name: 'jax-js Wasm, one thread' },
  { row: 'jax-webgpu', name: 'jax-js WebGPU' },
  { row: 'tfjs-wasm', name: 'TensorFlow.js WASM' },
  { row: 'tfjs-webgpu', name: 'TensorFlow.js WebGPU' },
];

const ours = 'wgrad';

/** The README's table: whole training steps, ours in milliseconds, each peer's as a multiple of it with its 95 % interval. */
export function peerTable({ groups }: BenchFile): Table {
  const steps = groups.filter(({ suite, op }) => suite === 'peers' && (op === 'step' || op === 'net-step'));
  const row = ({ rows }: Group, name: string): Row | undefined =>
    rows.find((candidate) => candidate.name === name);
  return {
    columns: ['time of a step', ...steps.map(({ title }) => `>${netTitle(title)}`)],
    rows: [
      [ours, ...steps.map((group) => duration(median(usable(group, row(group, ours)!))))],
      ...peers.map(({ row: name, name: shown }) => [
        shown,
        ...steps.map((group) => {
          const peer = row(group, name);
          if (peer === undefined) return '-';
          const { value, low, high } = compareRows(group, peer, row(group, ours)!, 1).ratio;
          return `${digits(value)} × (${digits(low)} to ${digits(high)})`;
        }),
      ]),
    ],
  };
}

/** `[50, 50], Adam` for the group `step 50-50 adam`, `vgg-16-32-64` for `step vgg-16-32-64`. */
function netTitle(title: string): string {
  const [, hidden = '', optimizer] = title.split(' ');
  if (optimizer === undefined) return hidden;
  return `[${hidden.replaceAll('-', ', ')}], ${optimizer[0]?.toUpperCase()}${optimizer.slice(1)}`;
}
