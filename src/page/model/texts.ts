// What the page says of each state: a chip of a few words, and where something is wrong, what happened and what to do.
import { overViewsWords } from '../../data/test-views.ts';
import { count, duration, megabytes, percent } from '../format.ts';
import { meanOf, type RunRecord, testsOverViews } from './run-record.ts';
import type { DataProblem, DataStatus, GpuStatus, NoGpuReason, RunStatus } from './status.ts';

/** Something that the visitor must know, and can do something about. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  readonly advice: readonly string[];
  /** The error as it was reported, where there was one. */
  readonly details?: string;
}

export function gpuChip(gpu: GpuStatus): string {
  switch (gpu.state) {
    case 'probing':
      return 'looking for a GPU';
    case 'ready':
      return `${shortName(gpu.report.adapter)}: ready`;
    case 'software':
      return 'software: slow';
    case 'none':
      return 'no GPU';
    case 'too-small':
      return 'GPU too small';
    case 'recovering':
      return 'lost, recovering';
    case 'asking':
      return 'lost';
  }
}

const shortName = ({
  vendor,
  architecture,
  description,
}: Record<'vendor' | 'architecture' | 'description', string>) =>
  (description || `${vendor} ${architecture}`).trim().slice(0, 40) || 'GPU';

export function dataChip(data: DataStatus): string {
  const part = (done: number, total: number) => `${Math.floor((100 * done) / Math.max(total, 1))} %`;
  switch (data.state) {
    case 'unknown':
      return 'looking';
    case 'absent':
      return 'needed';
    case 'downloading':
      return part(data.doneBytes, data.totalBytes);
    case 'checking':
      return `checking, ${part(data.doneBytes, data.totalBytes)}`;
    case 'kept':
      return 'on this device';
    case 'this-tab':
      return 'this tab only';
    case 'uploading':
      return `to the GPU, ${part(data.doneBytes, data.totalBytes)}`;
    case 'error':
      return 'not loaded';
  }
}

/** Which browsers have WebGPU, as of November 2026 (https://github.com/gpuweb/gpuweb/wiki/Implementation-Status). */
const browserAdvice: readonly { readonly agent: RegExp; readonly advice: string }[] = [
  {
    agent: /Firefox\//,
    advice:
      'Firefox: version 141 on Windows, 145 on macOS, or later; elsewhere switch on dom.webgpu.enabled in about:config.',
  },
  {
    agent: /(Chrome|Edg)\/.*Linux|Linux.*(Chrome|Edg)\//,
    advice: 'Chrome on Linux: switch on chrome://flags/#enable-unsafe-webgpu, and restart it.',
  },
  {
    agent: /(Chrome|Edg)\//,
    advice: 'Chrome and Edge: version 113 or later, with graphics acceleration on (Settings, System).',
  },
  { agent: /Safari\//, advice: 'Safari: version 26 or later, on macOS 26, iOS 26 or iPadOS 26.' },
];

const adviceFor = (agent: string): string =>
  browserAdvice.find((row) => row.agent.test(agent))?.advice ??
  'Use a current version of Chrome, Edge, Firefox or Safari.';

const noGpu: Readonly<Record<NoGpuReason, (agent: string) => Omit<Notice, 'details'>>> = {
  insecure: () => ({
    title: 'WebGPU needs a secure address',
    text: 'Browsers offer WebGPU only to pages from https:// or from this computer itself.',
    advice: [
      'Open this page by https://, or start wgrad on this computer with npm start and open the address that it prints.',
    ],
  }),
  'no-api': (agent) => ({
    title: 'This browser has no WebGPU',
    text: 'The nets are trained by WebGPU compute shaders, and this browser does not offer WebGPU.',
    advice: [adviceFor(agent), 'Any current Chrome, Edge, Firefox or Safari has it.'],
  }),
  'no-adapter': () => ({
    title: 'WebGPU finds no graphics adapter',
    text: 'This browser has WebGPU, but nothing that it may compute on.',
    advice: [
      'Switch on graphics acceleration in the browser’s settings, under System, and restart the browser.',
      'Update the graphics driver. In Chrome and Edge, chrome://gpu tells what is blocked, and why.',
      'Without a GPU, Chrome started with --enable-unsafe-swiftshader computes on the CPU.',
    ],
  }),
  blocked: () => ({
    title: 'The browser has blocked WebGPU for now',
    text: 'After a graphics process that crashed several times, browsers refuse WebGPU to the page that used it.',
    advice: [
      'Close the tab and open it again in two minutes, or restart the browser.',
      'Update the graphics driver.',
    ],
  }),
  worker: () => ({
    title: 'The engine did not start',
    text: 'The engine runs in a worker, a script of its own, and that did not load.',
    advice: ['Reload the page. If it came from npm start, see that this is still running.'],
  }),
  timeout: () => ({
    title: 'The graphics driver does not answer',
    text: 'The browser was asked for a GPU and has said nothing for 8 seconds.',
    advice: [
      'Wait: this page goes on as soon as it answers.',
      'Restart the browser; if it happens again, update the graphics driver.',
    ],
  }),
  refused: () => ({
    title: 'The graphics adapter could not be opened',
    text: 'This browser has found one, but it gives no device to compute on.',
    advice: [
      'Close what else uses the GPU and reload the page, or restart the browser.',
      'If it happens again, update the graphics driver.',
    ],
  }),
};

export function gpuNotice(gpu: GpuStatus, agent: string): Notice | undefined {
  switch (gpu.state) {
    case 'none': {
      const notice = noGpu[gpu.reason](agent);
      return gpu.details === '' ? notice : { ...notice, details: gpu.details };
    }
    case 'too-small': {
      const { limit = '', has = 0, needs = 0 } = gpu.report.tooSmall ?? {};
      return {
        title: 'This GPU’s buffers are too small',
        text: `CIFAR-10 needs ${limit} of ${megabytes(needs)} MB, ${gpu.report.name} has ${megabytes(has)} MB.`,
        advice: [
          'Use another GPU: a computer with two has a setting in the system which one a browser gets.',
        ],
      };
    }
    case 'asking':
      return {
        title: 'The GPU was lost a second time',
        text: 'The run is kept at its last checkpoint. Going on may crash the graphics driver again.',
        advice: ['Close what else uses the GPU, then press Go on; or Stop, and go on later.'],
        details: gpu.message,
      };
    default:
      return undefined;
  }
}

export function dataNotice({ kind, message: details }: DataProblem): Notice {
  switch (kind) {
    case 'offline':
      return {
        title: 'The data cannot be reached',
        text: 'The server does not answer, or this device is offline. Files that have arrived whole are kept.',
        advice: [
          'Check the connection, then press Download: it goes on with the file that was cut.',
          'Or choose the files from this computer: cifar-10-binary.tar.gz, or the six .bin files.',
        ],
        details,
      };
    case 'not-served':
      return {
        title: 'This server has no data',
        text: 'The page was put here without the 184 MB of CIFAR-10.',
        advice: [
          'Download cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html and choose it here: it is kept in this browser.',
          'Whoever hosts this page: npm run build -- --with-data puts the data beside it.',
        ],
        details,
      };
    case 'partial':
      return {
        title: 'The data are not whole',
        text: 'The files that are whole are kept.',
        advice: ['Press Download to fetch the rest, or choose the files that are missing.'],
        details,
      };
    case 'wrong-file':
      return {
        title: 'That is not CIFAR-10',
        text: 'Each file is accepted only with its official SHA-256.',
        advice: [
          'Choose cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html, or the six .bin files in it.',
        ],
        details,
      };
    default:
      return {
        title: 'The data could not be loaded',
        text: 'Something else went wrong:',
        advice: ['Try again. If it happens again, delete the data (GPU view) and load them anew.'],
        details,
      };
  }
}

/** A view whose script did not arrive. */
export const viewNotLoaded = (details: string): Notice => ({
  title: 'This view could not be loaded',
  text: 'The server does not answer, or this device is offline.',
  advice: ['Check the connection, then try again.'],
  details,
});

/** `live`: the run that is shown. */
export function runChip(
  run: RunStatus,
  live?: { readonly hasDiverged: boolean; readonly record: { readonly state: string } },
): string {
  switch (run.state) {
    case 'none':
      return '';
    case 'preparing':
      return run.total > 0 ? `${run.what} ${count(run.done)} of ${count(run.total)}` : run.what;
    case 'running':
      return live?.hasDiverged ? 'training, diverged' : 'training';
    case 'testing':
      return 'testing';
    case 'paused':
      return { you: 'paused', lab: 'paused for a measurement', device: 'paused: the GPU was lost' }[run.by];
    case 'stopping':
      return 'stopping';
    case 'finished':
      return live?.hasDiverged ? 'diverged' : 'finished';
    case 'stopped':
      return 'stopped';
    case 'failed':
      // Another one that was refused leaves it as it was.
      return run.kind === 'busy' && live ? live.record.state : 'failed';
  }
}

export const otherTab: Notice = {
  title: 'Another tab trains',
  text: 'One tab at a time may train: two would take each other’s GPU and checkpoints.',
  advice: ['Stop the run in the other tab, or close it.'],
};

export function runNotice(run: RunStatus): Notice | undefined {
  // What is wrong with the data is said beside them.
  if (run.state !== 'failed' || run.kind === 'no-data' || run.kind === 'partial') return undefined;
  const details = run.message;
  switch (run.kind) {
    case 'memory':
      return {
        title: 'The GPU’s memory is full',
        text: 'The images take 184 MB, and each seed a little more.',
        advice: ['Close other tabs and programs that use the GPU, or train fewer seeds or narrower layers.'],
        details,
      };
    case 'worker':
      return {
        title: 'The engine ended',
        text: 'The browser ended the worker that trains. The run is kept at its last checkpoint.',
        advice: ['Runs has the run, and a button to go on. If memory was short, close other tabs first.'],
        details,
      };
    case 'busy':
      return otherTab;
    default:
      return {
        title: 'The training failed',
        text: 'The engine stopped with this error:',
        advice: ['Change the settings, or reload the page. If it happens again, update the browser.'],
        details,
      };
  }
}

/** What stands behind a test accuracy: `, 54.0 % over flips`, the mean of the same seeds; nothing where no views were asked for. */
export function overViewsText(record: Pick<RunRecord, 'perSeed' | 'train'>): string {
  const mean = meanOf(testsOverViews(record));
  return mean === undefined ? '' : `, ${percent(mean)} ${overViewsWords(record.train.testViews)}`;
}

/** Why nothing can be started beside a measurement. */
export const measuringText = 'Kernels are being measured.';

/** What a button that trains says, with what it downloads first. */
export const trainLabel = (label: string, missing: number): string =>
  missing > 0 ? `Download ${megabytes(missing)} MB and ${label[0]!.toLowerCase()}${label.slice(1)}` : label;

/** `0:42 left`; nothing where it is not known. */
export const timeLeft = (ms: number | undefined): string =>
  ms === undefined || !Number.isFinite(ms) ? '' : `${duration(ms)} left`;
