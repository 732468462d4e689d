// Takes dashboards and a Prometheus that has data for them; draws each into a picture, as a browser shows it. Never asks a Grafana.
//
//     preview.mjs --prometheus URL --minutes N [--every SECONDS] --into FOLDER dashboard.json…

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

import { timeShown, told } from './data.mjs';

// Where the packages are is for whoever starts it to say: nothing is installed beside this file.
const packages = createRequire(join(process.env.PREVIEW_PACKAGES, 'node_modules/'));
const { chromium } = packages('playwright-core');
const OF_UPLOT = join(packages.resolve('uplot/package.json'), '../dist');

const given = { prometheus: { type: 'string' }, minutes: { type: 'string' }, every: { type: 'string', default: '15' }, into: { type: 'string' } };
const { values, positionals } = parseArgs({ options: given, allowPositionals: true });

const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet] });
try {
  for (const file of positionals) {
    const dashboard = JSON.parse(await readFile(file, 'utf8'));
    const data = await told(dashboard, values.prometheus, timeShown(Number(values.minutes), Number(values.every)));
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    page.on('pageerror', (error) => console.error(`${file}: ${error.stack}`));
    await page.setContent('<!doctype html><meta charset="utf-8"><body></body>');
    for (const path of [join(OF_UPLOT, 'uPlot.min.css'), new URL('page.css', import.meta.url).pathname]) await page.addStyleTag({ path });
    for (const path of [join(OF_UPLOT, 'uPlot.iife.min.js'), new URL('draw.js', import.meta.url).pathname]) await page.addScriptTag({ path });
    await page.evaluate(([what, of]) => window.draw(what, of), [dashboard, data]);
    const picture = join(values.into, `${basename(file, '.json')}.png`);
    await page.screenshot({ path: picture, fullPage: true });
    console.log(picture);
    await page.close();
  }
} finally {
  await browser.close();
}
