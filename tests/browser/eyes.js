// Debian's Chromium, driven by one JSON object a line on standard input, answered by one a line: {"value": …} or
// {"error": "…"}. `node eyes.js MODULES`, where playwright-core and axe-core are.
//   {"do": "open", "url", "width", "height", "dark", "js"}   a fresh page; what it says wrong is kept for `complaints`
//   {"do": "eval", "text"}       the value of an expression in the page
//   {"do": "until", "text"}      once it is true there; fails after 30 s
//   {"do": "press", "key"}, {"do": "click", "at"}, {"do": "resize", "width", "height"}
//   {"do": "axe"}                what axe-core finds: [{rule, help, nodes}]
//   {"do": "shoot", "path", "full"}   a picture of the window, or of the whole page
//   {"do": "complaints"}         console errors, dialogs, failed and foreign requests since `open`
'use strict';
const path = require('path');
const readline = require('readline');

const modules = process.argv[2];
const {chromium} = require(path.join(modules, 'playwright-core'));
const axeSource = require.resolve(path.join(modules, 'axe-core/axe.min.js'));
const kPatience = 30000;

let browser, context, page, complaints = [];

function listen(origin) {
  page.on('console', (message) => message.type() === 'error' && complaints.push('console: ' + message.text()));
  page.on('pageerror', (error) => complaints.push('error: ' + error));
  page.on('dialog', (dialog) => { complaints.push('dialog: ' + dialog.message()); dialog.dismiss(); });
  page.on('requestfailed', (request) => complaints.push('failed: ' + request.url()));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push('foreign: ' + request.url());
  });
}

const verbs = {
  async open({url, width, height = 844, dark = false, js = true}) {
    if (context) await context.close();
    // Our policy allows no script but the page's own, so that axe-core has to be let in past it; it checks nothing of ours.
    context = await browser.newContext({viewport: {width, height}, colorScheme: dark ? 'dark' : 'light',
                                        javaScriptEnabled: js, reducedMotion: 'reduce'});
    page = await context.newPage();
    page.setDefaultTimeout(kPatience);
    complaints = [];
    listen(new URL(url).origin);
    const answer = await page.goto(url, {waitUntil: 'load'});
    return answer.status();
  },
  eval: ({text}) => page.evaluate(text),
  // Not by waitForFunction: it makes a function of the text in the page, which our policy refuses.
  async until({text}) {
    for (const end = Date.now() + kPatience; Date.now() < end; await page.waitForTimeout(50)) {
      if (await page.evaluate(text)) return true;
    }
    throw new Error('waited in vain');
  },
  press: async ({key}) => { await page.keyboard.press(key); return true; },
  click: async ({at}) => { await page.click(at); return true; },
  resize: async ({width, height}) => { await page.setViewportSize({width, height}); return true; },
  async axe() {
    const session = await context.newCDPSession(page);
    const source = require('fs').readFileSync(axeSource, 'utf8');
    const run = `${source}; axe.run(document, {resultTypes: ['violations', 'incomplete']}).then((r) => JSON.stringify(
      r.violations.map((v) => ({rule: v.id, help: v.help, nodes: v.nodes.map((n) => n.html.slice(0, 300))}))))`;
    const done = await session.send('Runtime.evaluate', {expression: run, awaitPromise: true, returnByValue: true});
    if (done.exceptionDetails) throw new Error(done.exceptionDetails.exception.description);
    return JSON.parse(done.result.value);
  },
  shoot: async (asked) => { await page.screenshot({path: asked.path, fullPage: !!asked.full}); return true; },
  complaints: () => complaints,
};

async function main() {
  browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--font-render-hinting=none']});
  for await (const line of readline.createInterface({input: process.stdin})) {
    const asked = JSON.parse(line);
    let answer;
    try {
      answer = {value: await verbs[asked.do](asked) ?? null};
    } catch (error) {
      answer = {error: String(error)};
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
  await browser.close();
}

main().catch((error) => { console.error(error); process.exit(1); });
