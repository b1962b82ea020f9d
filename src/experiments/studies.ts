import { convolutionStudy } from './convolution-study.ts';
import { type Experiment, experiments } from './experiments.ts';

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
