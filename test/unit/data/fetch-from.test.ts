import { afterEach, expect, test, vi } from 'vitest';
import { fetchFrom } from '../../../src/data/fetch-from.ts';

afterEach(() => vi.unstubAllGlobals());

const overHttp = () => {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    return new Response('over HTTP');
  });
  return asked;
};
const textOf = async (response: Promise<Response>) => (await response).text();

test('what was given as a file is read from it, all else over HTTP', async () => {
  const asked = overHttp();
  const get = fetchFrom([new File(['from the disk'], 'test_batch.bin')]);
  expect(await textOf(get('/data/cifar10/test_batch.bin', {}))).toBe('from the disk');
  expect(await textOf(get('/data/cifar10/normalisation-45000.f64', {}))).toBe('over HTTP');
  expect(asked).toEqual(['/data/cifar10/normalisation-45000.f64']);
});

test.each([
  ['it is empty', new File([], 'a.bin')],
  [
    'reading it fails',
    Object.assign(new File(['x'], 'a.bin'), {
      slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException('', 'NotReadableError')) }),
    }),
  ],
])('a file that the browser may not read comes over HTTP: %s', async (_, file) => {
  overHttp();
  expect(await textOf(fetchFrom([file])('/a.bin', {}))).toBe('over HTTP');
});
