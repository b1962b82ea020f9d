import { datasetOf } from '../../data/datasets/index.ts';
import { imageOfPng } from '../../data/files/png-image.ts';
import { imageBytes } from '../../data/record-set.ts';
import { netSpec } from '../../experiments/experiments.ts';
import { openHost } from '../../hosts/open-host.ts';
import { resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { readGivenFile } from '../options/given-file.ts';
import type { TrainOptions } from '../options/train-options.ts';

/** Classes that a line names. */
const mostClasses = 3;

/** `npm run train -- --predict IMAGE.png --init weights.safetensors`. Returns the exit status. */
export async function predictImages(
  { settings, init, dataDir, host: hostOptions }: TrainOptions,
  paths: readonly string[],
): Promise<number> {
  const dataset = datasetOf(settings);
  const size = imageBytes(dataset);
  const images = new Uint8Array(paths.length * size);
  for (const [i, path] of paths.entries()) {
    const png = readGivenFile('--predict', path);
    try {
      images.set(imageOfPng(png, dataset.image), i * size);
    } catch (error) {
      throw new UserError(`--predict ${path}: ${(error as Error).message}`);
    }
  }
  const log = (line: string) => console.error(line);
  const host = await openHost({
    dataset,
    dataDir: dataDir === undefined ? undefined : resolvePath(dataDir),
    log,
    ...hostOptions,
  });
  try {
    const logits = await host.predict({
      settings: { ...settings, net: netSpec(settings) },
      weights: init!,
      images,
    });
    const wrong = logits.findIndex((ofImage) => !ofImage.every(Number.isFinite));
    if (wrong >= 0) {
      throw new UserError(
        `--predict ${paths[wrong]}: the net's logits are not finite: its training diverged, take other weights`,
      );
    }
    for (const [i, path] of paths.entries()) {
      console.log(`${path}: ${likeliest(logits[i]!, dataset.classNames)}`);
    }
    return 0;
  } finally {
    await host.close();
  }
}

/** `cat 0.7123, dog 0.1512, frog 0.0500`: the likeliest classes with their probabilities. */
export function likeliest(logits: readonly number[], names: readonly string[]): string {
  const largest = Math.max(...logits);
  const parts = logits.map((logit) => Math.exp(logit - largest));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts
    .map((part, c) => ({ name: names[c] ?? `class ${c}`, share: part / sum }))
    .sort((a, b) => b.share - a.share)
    .slice(0, mostClasses)
    .map(({ name, share }) => `${name} ${share.toFixed(4)}`)
    .join(', ');
}
