// Curves over the seeds of an experiment, from the lines of its metrics.jsonl.

/** One place of a curve: mean, smallest and largest of the seeds. */
export interface CurvePoint {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** What was measured during a training, over epochs. */
export interface Curves {
  readonly trainingLoss: readonly CurvePoint[];
  readonly trainingAccuracy: readonly CurvePoint[];
  readonly validationLoss: readonly CurvePoint[];
  readonly validationAccuracy: readonly CurvePoint[];
}

type Line =
  | {
      readonly type: 'train';
      readonly epoch: number;
      readonly loss: readonly (number | null)[];
      readonly accuracy: readonly number[];
    }
  | {
      readonly type: 'validation';
      readonly epoch: number;
      readonly validation: readonly { readonly loss: number | null; readonly accuracy: number }[];
    };

/** Of the seeds whose value is finite; JSON holds null for the others. None where all are. */
function point(x: number, all: readonly (number | null)[]): CurvePoint[] {
  const values = all.filter((value) => value !== null);
  if (values.length === 0) return [];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [{ x, mean, low: Math.min(...values), high: Math.max(...values) }];
}

/** Most points of a curve: more cannot be seen. */
const mostPoints = 200;

/** Means of neighbouring points, until they are few enough. */
function thinned(points: readonly CurvePoint[]): readonly CurvePoint[] {
  if (points.length <= mostPoints) return points;
  const group = Math.ceil(points.length / mostPoints);
  return Array.from({ length: Math.ceil(points.length / group) }, (_, i) => {
    const part = points.slice(i * group, (i + 1) * group);
    const average = (key: keyof CurvePoint) => part.reduce((sum, p) => sum + p[key], 0) / part.length;
    return { x: average('x'), mean: average('mean'), low: average('low'), high: average('high') };
  });
}

/** Reads metrics.jsonl. */
export function readCurves(metrics: string): Curves {
  const lines = metrics
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  const training = lines.flatMap((line) => (line.type === 'train' ? [line] : []));
  const validation = lines.flatMap((line) => (line.type === 'validation' ? [line] : []));
  const ofValidation = (key: 'loss' | 'accuracy') =>
    validation.flatMap(({ epoch, validation: scores }) =>
      point(
        epoch,
        scores.map((score) => score[key]),
      ),
    );
  return {
    trainingLoss: thinned(training.flatMap(({ epoch, loss }) => point(epoch, loss))),
    trainingAccuracy: thinned(training.flatMap(({ epoch, accuracy }) => point(epoch, accuracy))),
    validationLoss: ofValidation('loss'),
    validationAccuracy: ofValidation('accuracy'),
  };
}
