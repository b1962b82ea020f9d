// Views by the hash of the address: `#/train?...`, `#/runs`, `#/kernels`, `#/gpu`.
import { signal } from '@preact/signals-core';

export const routes = ['train', 'runs', 'kernels', 'gpu'] as const;
export type Route = (typeof routes)[number];

export const routeTitles: Readonly<Record<Route, string>> = {
  train: 'Train',
  runs: 'Runs',
  kernels: 'Kernels',
  gpu: 'GPU',
};

/** A hash as route and query; an unknown one is the Train view. */
export function parseHash(hash: string): { readonly route: Route; readonly query: string } {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { route: routes.find((route) => route === path) ?? 'train', query };
}

export class Router {
  readonly route = signal<Route>(parseHash(location.hash).route);
  /** Told of a query that came by a link, once: not when somebody comes back to it. */
  onQuery: (route: Route, query: string) => void = () => {};

  start(): void {
    const read = (isNew: boolean) => {
      const { route, query } = parseHash(location.hash);
      this.route.value = route;
      if (query !== '' && isNew) this.onQuery(route, query);
      history.replaceState('read', '');
    };
    window.addEventListener('hashchange', () => read(history.state !== 'read'));
    read(true);
  }

  go(route: Route): void {
    location.hash = `#/${route}`;
  }
}
