// Opens pages in Chromium as their readers do, and says what is wrong with them.
// Usage: node check.mjs CHROMIUM AXE SCREENSHOTS PAGE...
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { chromium } from "playwright-core";

const [executablePath, axe, screenshots, ...pages] = process.argv.slice(2);
const axeSource = readFileSync(axe, "utf8");
const faults = [];

// Opens a page; whatever it writes to the console or asks of a network is a fault.
async function open(browser, path, options) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, bypassCSP: true, ...options });
  const page = await context.newPage();
  page.on("console", (message) => faults.push(`${path}: console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`${path}: ${error}`));
  page.on("dialog", (dialog) => { faults.push(`${path}: a dialog opens`); dialog.dismiss(); });
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) faults.push(`${path}: asks for ${request.url()}`);
  });
  const began = performance.now();
  await page.goto("file://" + resolve(path));
  return { page, took: performance.now() - began };
}

function hold(path, what, is) {
  if (!is) faults.push(`${path}: ${what}`);
}

// Nobody is kept out by colour, structure or names.
async function accessible(browser, path, scheme) {
  const { page } = await open(browser, path, { colorScheme: scheme });
  await page.evaluate(() => document.querySelectorAll("details").forEach((one, at) => { one.open = at < 40; }));
  await page.addScriptTag({ content: axeSource });
  const found = await page.evaluate(() => axe.run(document));
  for (const violation of found.violations) {
    if (["serious", "critical"].includes(violation.impact)) {
      faults.push(`${path} (${scheme}): ${violation.id}: ${violation.nodes.length} times, first ${violation.nodes[0].html.slice(0, 120)}`);
    }
  }
  await page.context().close();
}

// Every finding is reached by the tabulator, in order.
async function reachable(browser, path) {
  const { page } = await open(browser, path, {});
  const findings = await page.$$eval(".finding", (all) => all.map((one) => one.id));
  const reached = [];
  for (let steps = 0; steps < 40 * (findings.length + 1) && reached.length < findings.length; steps += 1) {
    await page.keyboard.press("Tab");
    const id = await page.evaluate(() => document.activeElement.closest(".finding")?.id ?? "");
    if (id && !reached.includes(id)) reached.push(id);
  }
  hold(path, `the keyboard reaches ${reached.length} of ${findings.length} findings`, reached.join() === findings.join());
  await page.context().close();
  return findings.length;
}

// Search and filters show what they name, and the address keeps them.
async function searchable(browser, path) {
  const { page } = await open(browser, path, {});
  const shown = () => page.$$eval(".requirements > li:not([hidden])", (all) => all.map((one) => one.dataset.is.split("|")[0]));
  const all = (await shown()).length;
  await page.selectOption("select[name=verdict]", "held");
  const held = await shown();
  hold(path, "a filter for what is held shows just that", held.length > 0 && held.length < all && held.every((word) => word === "held"));
  await page.fill("input[name=q]", "blob digest");
  const searched = (await shown()).length;
  hold(path, "a search narrows the list", searched > 0 && searched < held.length);
  const { page: again } = await open(browser, path, {});
  await again.goto(page.url());
  const restored = await again.$$eval(".requirements > li:not([hidden])", (rows) => rows.length);
  hold(path, `the address restores the search: ${restored}, not ${searched}`, restored === searched);
  await page.context().close();
  await again.context().close();
}

// Opens everything, and puts one long word where a registry or a run words the text: an address, a title, a cookie.
function openWithLongWords() {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const ours = text.parentElement.closest("script, style, option, .must, .should, .may, .tag");
    if (!ours && text.data.trim()) text.data = "m".repeat(120);
  }
  return document.documentElement.scrollWidth;
}

// A telephone shows it without scrolling sideways; without script nothing is missing.
async function narrow(browser, path) {
  const { page } = await open(browser, path, { viewport: { width: 360, height: 740 } });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  hold(path, `at 360 px it is ${wide} px wide`, wide <= 360);
  const opened = await page.evaluate(openWithLongWords);
  hold(path, `at 360 px, opened and with long words, it is ${opened} px wide`, opened <= 360);
  await page.context().close();
  const { page: plain } = await open(browser, path, { javaScriptEnabled: false });
  const hidden = await plain.locator(".requirements > li").evaluateAll((rows) => rows.filter((row) => row.hidden).length);
  hold(path, "without script some requirements are hidden", hidden === 0);
  await plain.context().close();
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const path of pages) {
  hold(path, "it is larger than 1 MB", readFileSync(path).length < 1_000_000);
  const { page, took } = await open(browser, path, { bypassCSP: false });
  // A table of registries or a comparison has no requirements to be searched, and no script.
  const isReport = await page.locator(".requirements").count() > 0;
  hold(path, "its script does not run", !isReport || await page.locator(".filter").isVisible());
  await page.screenshot({ path: `${screenshots}/${basename(path)}.png`, fullPage: false });
  await page.context().close();
  for (const scheme of ["light", "dark"]) await accessible(browser, path, scheme);
  const findings = await reachable(browser, path);
  if (isReport) await searchable(browser, path);
  await narrow(browser, path);
  console.log(`${basename(path)}: ${findings} findings, opened in ${Math.round(took)} ms`);
}
await browser.close();
faults.forEach((fault) => console.error(fault));
process.exit(faults.length ? 1 : 0);
