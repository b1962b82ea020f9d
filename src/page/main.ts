// The page: its parts are made once and live as long as the tab.
import { batch, effect, signal } from '@preact/signals-core';
import { html } from 'lit-html';
import { datasetUrl, defaultDataset } from '../data/datasets/index.ts';
import { Engine } from './engine/engine.ts';
import { percent } from './format.ts';
import { App } from './model/app.ts';
import { followScreen } from './model/follow-screen.ts';
import { followTrainings } from './model/follow-trainings.ts';
import { type LabLink, takeLabLink } from './model/lab-link.ts';
import { formOfLink } from './model/link.ts';
import { RunList } from './model/run-list.ts';
import { isBusy } from './model/status.ts';
import { gpuNotice, viewNotLoaded } from './model/texts.ts';
import { TrainingControl } from './model/training-control.ts';
import { runsInTraining } from './model/training-locks.ts';
import { type Route, Router, routes, routeTitles } from './router.ts';
import { takeDrops } from './store/dropped-files.ts';
import { headerView, runBarView } from './views/header.ts';
import { noticeView } from './views/notice-view.ts';
import { paint } from './views/paint.ts';
import { mountTrain } from './views/train/train-view.ts';

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no element with the id ${id}`);
  return found;
};

const app = new App(new Engine(), new URL(`.${datasetUrl(defaultDataset)}`, document.baseURI).href);
const runs = new RunList(app);
const training = new TrainingControl(app, runs);
const router = new Router();
/** What a link asks the Kernels view to show. */
const labLink = signal<LabLink | undefined>(undefined);

router.onQuery = (route, query) => {
  if (route !== 'train' && route !== 'kernels') return;
  const { lab, form: rest } = takeLabLink(query);
  const { form, refused } = formOfLink(route === 'kernels' ? rest : query);
  batch(() => {
    if (route === 'kernels') labLink.value = lab;
    training.form.value = form;
    training.refused.value = refused;
  });
};

paint(element('header'), () => headerView(app, router));
paint(element('run-bar'), () => html`${runBarView(app, training)}`);
paint(element('gpu-notice'), () => {
  const gpu = app.gpu.value;
  const actions =
    gpu.state === 'asking'
      ? html`<button type="button" data-act="go-on" @click=${() => training.resume()}>Go on</button>`
      : html``;
  return html`${noticeView(gpuNotice(gpu, navigator.userAgent), actions)}`;
});
effect(() => {
  element('status').textContent = app.announcement.value;
});

/** Each view is mounted once, when it is first shown. */
const mounts: Readonly<Record<Route, (root: HTMLElement, isShown: () => boolean) => void>> = {
  train: (root, isShown) => mountTrain(root, app, training, isShown),
  runs: (root, isShown) =>
    mountImported(root, async () => {
      const { mountRuns } = await import('./views/runs/runs-view.ts');
      mountRuns(root, { app, runs, training, router, isShown });
    }),
  kernels: (root, isShown) =>
    mountImported(root, async () => {
      const { mountKernels } = await import('./views/kernels/kernels-view.ts');
      mountKernels(root, { app, training, link: labLink, isShown });
    }),
  gpu: (root, isShown) =>
    mountImported(root, async () => {
      const { mountGpu } = await import('./views/gpu/gpu-view.ts');
      mountGpu(root, app, isShown);
    }),
};

/** Mounts a view that is imported when it is first shown. Without a network it says so, and can be asked for again. */
function mountImported(root: HTMLElement, mount: () => Promise<void>): void {
  mount().catch((error: unknown) => {
    const notice = document.createElement('div');
    root.append(notice);
    const again = () => {
      notice.remove();
      mountImported(root, mount);
    };
    paint(
      notice,
      () =>
        html`${noticeView(viewNotLoaded(String(error)), html`<button type="button" @click=${again}>Try again</button>`)}`,
    );
  });
}

const mounted = new Set<Route>();
effect(() => {
  const current = router.route.value;
  for (const route of routes) element(`view-${route}`).hidden = route !== current;
  if (mounted.has(current)) return;
  mounted.add(current);
  mounts[current](element(`view-${current}`), () => router.route.value === current);
});

effect(() => {
  const run = app.run.value;
  void training.version.value;
  const live = training.live.value;
  const name = routeTitles[router.route.value];
  document.body.dataset.run = run.state;
  if (live === undefined || !isBusy(run)) {
    document.title = `${name} – wgrad`;
    return;
  }
  const part = Math.floor((100 * live.record.step) / Math.max(live.record.train.steps, 1));
  const validation = live.last('validationAccuracy');
  document.title = `${part} %${validation === undefined ? '' : ` · ${percent(validation)}`} – wgrad`;
});

followTrainings(runs, (id) => isBusy(app.run.peek()) && training.live.peek()?.record.id === id);
followScreen(app, runs, () => router.route.value === 'train');

window.addEventListener('beforeunload', (event) => {
  if (isBusy(app.run.peek())) event.preventDefault();
});

takeDrops(window, take);

/** Files that were dropped anywhere: data, or runs. Where their names do not tell, the view does. */
async function take(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  const data = files.filter(({ name }) => /\.(bin|gz)$/.test(name));
  const hasRuns = files.some(({ name }) => /\.(safetensors|jsonl?)$/.test(name));
  if (data.length === 0 && (hasRuns || router.route.peek() === 'runs')) {
    router.go('runs');
    await runs.import(files);
  } else {
    router.go('train');
    // Beside the data's files, an unpacked archive holds texts.
    await app.takeFiles(data.length > 0 ? data : files);
  }
}

router.start();
await Promise.all([app.probe(), runs.load(runsInTraining)]);
