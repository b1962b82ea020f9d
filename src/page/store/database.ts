// This page's IndexedDB.

const name = 'wgrad';
const version = 2;

/** `tuning`: measured variants by adapter; `runs`: what is listed; `metrics` and `weights`: what belongs to a run, by its id. */
export type StoreName = 'tuning' | 'runs' | 'metrics' | 'weights';
const stores: readonly StoreName[] = ['tuning', 'runs', 'metrics', 'weights'];

let opened: Promise<IDBDatabase> | undefined;

/** @throws DOMException where the browser keeps nothing, as in some private windows */
function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.addEventListener('upgradeneeded', () => {
      for (const store of stores) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    });
    request.addEventListener('success', () => {
      // Another tab with a newer page wants to change the stores.
      request.result.addEventListener('versionchange', () => {
        request.result.close();
        opened = undefined;
      });
      // The browser has closed it: the next one to ask opens it again.
      request.result.addEventListener('close', () => {
        opened = undefined;
      });
      resolve(request.result);
    });
    request.addEventListener('error', () => reject(request.error));
    request.addEventListener('blocked', () => reject(new Error('another tab holds an older database open')));
  });
  opened.catch(() => {
    opened = undefined;
  });
  return opened;
}

/** Runs `work` in one transaction; resolves when everything is on the disk. */
export async function transact<T>(
  names: readonly StoreName[],
  mode: 'readonly' | 'readwrite',
  work: (store: (name: StoreName) => IDBObjectStore) => Promise<T> | T,
): Promise<T> {
  const database = await open();
  const transaction = database.transaction([...names], mode, { durability: 'strict' });
  const done = new Promise<void>((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('nothing was stored')));
    transaction.addEventListener('error', () => reject(transaction.error));
  });
  done.catch(() => {}); // The awaits below hand it on.
  const result = await work((store) => transaction.objectStore(store));
  await done;
  return result;
}

/** The result of a request. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}
