import { convolutionStudy } from './convolution-study.ts';
import { type Experiment, type ExperimentSettings, experiments } from './experiments.ts';
import { namedNetExperiment } from './named-net-settings.ts';

/** Experiments that are compared in one table. */
export interface Study {
  readonly name: string;
  /** One line for `--help`. */
  readonly what: string;
  /** `base` among them: what the others are compared with. */
  readonly experiments: readonly Experiment[];
}

const { tuned: _, ...base } = experiments[0]!;

/** The base experiment with normal initial weights of one standard deviation for all layers, instead of He's. */
const initialisedBy = (
  sigma: number,
  batchNorm: 'with' | 'without',
  reported: Experiment['reported'],
): Experiment => ({
  name: `sigma-${sigma.toExponential()}${batchNorm === 'with' ? '' : '-no-bn'}`,
  what: `initial weights of standard deviation ${sigma}, ${batchNorm} batch norm`,
  reported,
  settings: {
    ...base.settings,
    init: { sigma },
    batchNorm: batchNorm === 'with' ? base.settings.batchNorm : null,
  },
});

/** Every study. An entry more is a study more: command line, tables and report know it. */
export const studies: readonly Study[] = [
  { name: 'report', what: "the course report's experiments", experiments },
  {
    name: 'initialisation',
    what: 'sensitivity to initialisation, with and without batch norm',
    experiments: [
      base,
      initialisedBy(1e-1, 'with', 0.53),
      initialisedBy(1e-3, 'with', 0.53),
      initialisedBy(1e-4, 'with', 0.53),
      initialisedBy(1e-1, 'without', 0.52),
      initialisedBy(1e-3, 'without', [0.1, 0.21]),
      initialisedBy(1e-4, 'without', 0.1),
    ],
  },
  {
    name: 'convolution',
    what: "the course's newer assignment: convolutions on patches, and a small net with batch norm",
    experiments: convolutionStudy,
  },
];

/** What names of studies of nets begin with. */
const netsPrefix = 'nets ';

/**
 * Base, and nets with a name (nn/named-nets.ts), each with the settings of its family. The study's name tells which.
 * @throws RangeError where there is no such net, or one is named twice
 */
export function netStudy(names: readonly string[]): Study {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`${twice} is named twice`);
  return {
    name: `${netsPrefix}${names.join(',')}`,
    what: 'nets with the settings of their families, beside base',
    experiments: [base, ...names.map((name) => namedNetExperiment(name))],
  };
}

/** What stands between a study's name and that of its data. */
const on = ' on ';

/** The experiments of a study on other data than CIFAR-10, of which the report's figures say nothing. The study's name tells which. */
export function onDataset({ name, what, experiments }: Study, dataset: string): Study {
  const moved = <T extends { readonly settings: ExperimentSettings }>(value: T): T => ({
    ...value,
    settings: { ...value.settings, dataset },
  });
  return {
    name: `${name}${on}${dataset}`,
    what,
    experiments: experiments.map(({ tuned: _, ...experiment }) => ({ ...moved(experiment), reported: null })),
  };
}

/**
 * The study of a name, as results and plans hold it.
 * @throws RangeError where this version has none of that name
 */
export function studyNamed(name: string): Study {
  const [plain = '', dataset] = name.split(on);
  if (dataset !== undefined) return onDataset(studyNamed(plain), dataset);
  if (name.startsWith(netsPrefix)) return netStudy(name.slice(netsPrefix.length).split(','));
  const found = studies.find((study) => study.name === name);
  if (found !== undefined) return found;
  throw new RangeError(
    `there is no study "${name}"; there are ${studies.map((study) => study.name).join(', ')}`,
  );
}
