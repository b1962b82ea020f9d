// A whole run as one file: a safetensors file whose tensors are the weights and whose metadata hold the record and the metrics, with a hash.
import { bytesOf, readSafetensors, writeSafetensors } from '../../train/safetensors.ts';
import type { RunMetrics, RunRecord } from '../model/run-record.ts';
import { readRecord } from './read-record.ts';
import type { RunWeights } from './run-store.ts';

const format = 'wgrad run 1';

export interface WholeRun {
  readonly record: RunRecord;
  readonly metrics: RunMetrics | undefined;
  /** One safetensors file per seed; none where the run has none. */
  readonly weights: RunWeights | undefined;
}

type Tensors = ReturnType<typeof readSafetensors>['tensors'];

/** Numbers that JSON cannot write become null, and NaN again. */
export const metricsText = (metrics: RunMetrics): string =>
  JSON.stringify(metrics, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? null : value,
  );

export function readMetricsText(text: string): RunMetrics {
  const value = JSON.parse(text) as Record<string, unknown>;
  const numbers = (key: string): number[] => {
    const list = value[key];
    if (!Array.isArray(list)) throw new Error(`its metrics have no ${key}`);
    return list.map((each) => (typeof each === 'number' ? each : Number.NaN));
  };
  const { replicas } = value;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 1) {
    throw new Error('its metrics have no number of seeds');
  }
  const metrics: RunMetrics = {
    replicas,
    steps: numbers('steps'),
    loss: numbers('loss'),
    accuracy: numbers('accuracy'),
    rate: numbers('rate'),
    validationSteps: numbers('validationSteps'),
    validationLoss: numbers('validationLoss'),
    validationAccuracy: numbers('validationAccuracy'),
  };
  const rows = metrics.steps.length * replicas;
  const validated = metrics.validationSteps.length * replicas;
  if (
    metrics.loss.length !== rows ||
    metrics.accuracy.length !== rows ||
    metrics.validationAccuracy.length !== validated
  ) {
    throw new Error('its metrics are not whole');
  }
  return metrics;
}

export async function writeRunFile({
  record,
  metrics,
  weights = [],
}: WholeRun): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = weights.flatMap((file, i) => {
    const seed = record.train.replicas[i]!.seed;
    return readSafetensors(file).tensors.map((tensor) => ({
      ...tensor,
      name: `seed ${seed}/${tensor.name}`,
    }));
  });
  const run = JSON.stringify(record);
  const curves = metrics === undefined ? '' : metricsText(metrics);
  const sha256 = await hashOf(run, curves, tensors);
  return writeSafetensors({ tensors, metadata: { format, run, metrics: curves, sha256 } });
}

/** @throws Error where the file is another one, cut, or changed */
export async function readRunFile(bytes: Uint8Array): Promise<WholeRun> {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.format !== format) {
    const isWeights = tensors.some(({ name }) => name.startsWith('layers.'));
    throw new Error(
      isWeights
        ? 'it is weights alone, no run: they go into the Train view, Data, Initial weights from a file'
        : `it is no run of this page (${format})`,
    );
  }
  const { run = '', metrics = '', sha256 } = metadata;
  if ((await hashOf(run, metrics, tensors)) !== sha256)
    throw new Error('it was changed: its hash is another');
  const read = readRecord(JSON.parse(run));
  const weights = read.train.replicas.flatMap(({ seed }) => {
    const prefix = `seed ${seed}/`;
    const own = tensors
      .filter(({ name }) => name.startsWith(prefix))
      .map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }));
    return own.length === 0 ? [] : [writeSafetensors({ tensors: own, metadata: {} })];
  });
  return {
    record: { ...read, hasWeights: weights.length > 0 },
    metrics: metrics === '' ? undefined : readMetricsText(metrics),
    weights: weights.length === 0 ? undefined : weights,
  };
}

async function hashOf(run: string, metrics: string, tensors: Tensors): Promise<string> {
  const head = new TextEncoder().encode(`${run}\n${metrics}\n`);
  const bytes = new Uint8Array(head.length + tensors.reduce((sum, { data }) => sum + data.byteLength, 0));
  bytes.set(head);
  let at = head.length;
  for (const { data } of tensors) {
    bytes.set(bytesOf(data), at);
    at += data.byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
