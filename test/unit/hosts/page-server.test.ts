import { type IncomingHttpHeaders, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LocalServer, servePage } from '../../../src/hosts/chrome/page-server.ts';

let server: LocalServer;
beforeEach(async () => {
  const html = { type: 'text/html', bytes: new TextEncoder().encode('<p>page') };
  server = await servePage({ files: new Map([['/', html]]) });
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Not with `fetch`, which tidies paths up and sets some headers itself. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(server.origin);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers, method }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

const port = () => new URL(server.origin).port;

describe('what is handed out', () => {
  test('the page, and nothing else: not the sources, not the addresses of a development server', async () => {
    expect(await get('/?x=1')).toMatchObject({ status: 200, text: '<p>page' });
    for (const path of [
      '/__open-in-editor?file=/etc/passwd:1:1',
      '/package-lock.json',
      '/node_modules/.package-lock.json',
      '/src/train/worker.ts',
      '/@fs/etc/passwd',
      '/@vite/client',
      '/../../etc/passwd',
      '/%2e%2e/package.json',
      '/__proto__',
      '/constructor',
      '//',
      '/nothing-of-this-name',
    ]) {
      expect([path, await get(path)]).toMatchObject([path, { status: 404, text: 'no such file\n' }]);
    }
  });

  test('other methods are refused for every path alike', async () => {
    for (const path of ['/', '/nothing']) {
      expect(await get(path, {}, 'POST')).toMatchObject({ status: 405, text: 'only GET and HEAD\n' });
      expect(await get(path, {}, 'OPTIONS')).toMatchObject({ status: 405 });
    }
  });

  test('every answer forbids framing and use by other origins, and allows none of them', async () => {
    const answers = [
      await get('/'),
      await get('/nothing'),
      await get('/', { host: 'example.org' }),
      await get('/', { origin: 'http://localhost:1' }),
      await get('/', {}, 'OPTIONS'),
    ];
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toMatch(/script-src 'self';.*frame-ancestors 'none'/);
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('who is answered', () => {
  test.each([
    [
      'a link in another tab',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
    [
      'the address bar',
      { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
    [
      'the page itself',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    ],
    ['a program', {}],
  ])('%s', async (_, headers) => {
    expect((await get('/', headers)).status).toBe(200);
    expect((await get('/', { ...headers, host: `localhost:${port()}` })).status).toBe(200);
  });

  test.each([
    ['a name that somebody points here', { host: 'example.org' }],
    ['that name with our port', { host: 'example.org:PORT' }],
    ['another port of this computer', { host: 'localhost:1' }],
    ['a page of another local server', { origin: 'http://localhost:1' }],
    ['a page without an origin', { origin: 'null' }],
    ['our address under another scheme', { origin: 'https://127.0.0.1:PORT' }],
    [
      'an image on a page of another local server',
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    ],
    [
      'a script on another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    ],
    [
      'a frame on another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
  ])('not %s: the same answer whether there is such a file or not', async (_, given) => {
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, value.replace('PORT', port())]),
    );
    for (const path of ['/', '/nothing', server.transfers.path]) {
      expect(await get(path, headers)).toMatchObject({ status: 403, text: 'not for this origin\n' });
    }
  });
});

test('a port that is taken: refused where it was asked for, else the next', async () => {
  const taken = Number(port());
  await expect(servePage({ files: new Map(), port: taken })).rejects.toThrow(`port ${taken} cannot be had`);
  const next = await servePage({ files: new Map(), port: { from: taken } });
  expect(Number(new URL(next.origin).port)).toBeGreaterThan(taken);
  await next.close();
});
