/** The data sets that have a name. An entry more is a data set more: command line, server and loader loop over this list. */

import type { RecordSet } from '../record-set.ts';
import { cifar10 } from './cifar10.ts';
import { cifar100 } from './cifar100.ts';

export const datasets: readonly RecordSet[] = [cifar10, cifar100];

/** What is trained on where nothing else is asked for. */
export const defaultDataset: RecordSet = cifar10;

/**
 * The data set that settings name; the default where they name none.
 * @throws RangeError for a name that there is not
 */
export function datasetOf({ dataset = defaultDataset.name }: { readonly dataset?: string }): RecordSet {
  const found = datasets.find(({ name }) => name === dataset);
  if (found === undefined) {
    const names = datasets.map(({ name }) => name).join(', ');
    throw new RangeError(`there is no data set "${dataset}", there are: ${names}`);
  }
  return found;
}

/** Address under which data sets are served: `/data/<name>/<file>`. */
export const DATA_URL = '/data/';

/** Folder of a data set's addresses, such as `/data/cifar10/`. */
export const datasetUrl = ({ name }: RecordSet): string => `${DATA_URL}${name}/`;
