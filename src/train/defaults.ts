import { sgd } from '../optim/sgd.ts';
import { withGiven } from '../optim/with-given.ts';
import type { TrainSettings } from './settings.ts';

/** What a run must be told. */
type Wanted = 'net' | 'steps' | 'schedule';

/** What a record of a run says besides: which data it loads, and how its results are scored. A trainer is given its data, and asked for scores. */
type OfRecords = 'dataset' | 'normalisation' | 'testViews' | 'batchStatistics';

/** A run's settings, of which most have defaults. */
export type GivenSettings = Pick<TrainSettings, Wanted> & Partial<Omit<TrainSettings, Wanted | OfRecords>>;

/** Plain SGD on one net of seed 1: He initialisation, shuffled batches of 100, no augmentation, no regularisation, no validation split. */
export const withDefaults = (given: GivenSettings): TrainSettings => withGiven(defaults, given);

const defaults: Omit<TrainSettings, Wanted> = {
  init: 'he',
  optimizer: sgd.defaults,
  batchSize: 100,
  replicas: [{ seed: 1, lambda: 0, rateScale: 1 }],
  valSize: 0,
  shuffle: true,
  flip: false,
  cropPixels: 0,
  labelSmoothing: 0,
  reportSteps: 50,
};
