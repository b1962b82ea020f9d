// Makes the pictures of the README, docs/page.png and docs/report.png (of results that are in docs/results), and src/page/example/quick-look.json, the recorded example of the Runs view:
//   node docs/make-pictures.mjs
// Trains the quick look with three seeds in headless Chrome: a minute on a software adapter.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const server = spawn(process.execPath, ['src/cli/main.mjs', 'start', '--port', '0'], { cwd: root });
const address = await new Promise((resolve, reject) => {
  let text = '';
  server.stdout.on('data', (chunk) => {
    text += chunk;
    const found = /http:\/\/\S+/.exec(text)?.[0];
    if (found !== undefined) resolve(found);
  });
  server.on('close', () => reject(new Error('npm start ended')));
});
const browser = await puppeteer.launch({
  executablePath: process.env.CHROME ?? '/usr/bin/chromium',
  pipe: true,
  args: [
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    '--enable-webgpu-developer-features',
    '--enable-unsafe-swiftshader',
    '--use-webgpu-adapter=swiftshader',
  ],
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 980 });
  await page.goto(`${address}#/train?v=1&e=quick-look&seeds=3`);
  await page.waitForSelector('[data-act=train]:not([disabled])', { timeout: 60_000 });
  await page.click('[data-act=train]');
  await page.waitForFunction(() => document.body.dataset.run === 'finished', { timeout: 550_000 });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await page.screenshot({ path: join(root, 'docs/page.png') });
  const report = await browser.newPage();
  await report.setViewport({ width: 1000, height: 760 });
  await report.goto(`file://${join(root, 'docs/results/experiments-2026-11-24/report.html')}`);
  await report.screenshot({ path: join(root, 'docs/report.png') });
  await report.close();
  const example = await page.evaluate(async () => {
    const opening = indexedDB.open('wgrad');
    await new Promise((resolve) => opening.addEventListener('success', resolve));
    const one = (store) =>
      new Promise((resolve) => {
        const request = opening.result.transaction(store).objectStore(store).getAll();
        request.addEventListener('success', () => resolve(request.result[0]));
      });
    const [record, metrics] = [await one('runs'), await one('metrics')];
    const short = (value) =>
      typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
    return JSON.stringify({ record: { ...record, hasWeights: false }, metrics }, (_, value) => short(value));
  });
  mkdirSync(join(root, 'src/page/example'), { recursive: true });
  writeFileSync(join(root, 'src/page/example/quick-look.json'), `${example}\n`);
  console.log(`docs/page.png, docs/report.png; src/page/example/quick-look.json, ${example.length} bytes`);
} finally {
  await browser.close();
  server.kill();
}
