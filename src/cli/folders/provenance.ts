import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { datasets } from '../../data/datasets/index.ts';
import { projectRoot } from '../../hosts/project-root.ts';

/** Where a result comes from. Results are put together only where both hashes are the same. */
export interface Provenance {
  /** Name of the machine. */
  readonly host: string;
  /** SHA-256 of the source text that its numbers come from. */
  readonly codeHash: string;
  /** SHA-256 of the official hashes of the data's files; nothing else is trained on. */
  readonly dataHash: string;
}

/** What computes: the command line, page and documents may change between two results, these may not. */
const computing = [
  'shaders',
  'src/data',
  'src/gpu',
  'src/kernels',
  'src/nn',
  'src/optim',
  'src/train',
  'src/experiments',
];

/** Of the files under these folders of the project: paths and text, whatever the line ends of the checkout. */
export function sourceHash(root: string, folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|wgsl|json)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const file of files) {
      const path = file.slice(root.length + 1).replaceAll('\\', '/');
      hash.update(`${path}\n${readFileSync(file, 'utf8').replaceAll('\r\n', '\n')}\n`);
    }
  }
  return hash.digest('hex');
}

/** Where there are no sources, in a kit: what packed it wrote their hash into this file. */
export const codeHashFile = 'code-hash.txt';

/** SHA-256 of what computes here. */
export function codeHash(root = projectRoot): string {
  const written = join(root, codeHashFile);
  return existsSync(written) ? readFileSync(written, 'utf8').trim() : sourceHash(root, computing);
}

let known: Provenance | undefined;

/** Of what this process computes. */
export function provenance(): Provenance {
  known ??= {
    host: hostname(),
    codeHash: codeHash(),
    dataHash: createHash('sha256')
      .update(JSON.stringify(datasets.map(({ files }) => files)))
      .digest('hex'),
  };
  return known;
}
