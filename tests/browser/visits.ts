import type { Query } from '@rapport/core';
import type { Viewer, ViewerOptions } from '@rapport/viewer';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launchChromium } from './chromium.js';
import { buildPage, openWorkplace, type Workplace } from './desk.js';

/** A workplace with a browser, shared by the tests of one file; what a test opens is closed at its end. */
export interface Visits {
  readonly work: Workplace;
  /** Closes this at the end of the test. */
  closeLater(thing: { close(): Promise<unknown> }): void;
  serve(queries: readonly Query[], options?: Partial<ViewerOptions>): Promise<Viewer>;
  /** Opens the page as a new person would. */
  newPage(viewer: Viewer, annotator: string, options?: Parameters<Browser['newContext']>[0]): Promise<Page>;
  newContext(options?: Parameters<Browser['newContext']>[0]): Promise<BrowserContext>;
  visit(context: BrowserContext, viewer: Viewer, annotator: string): Promise<Page>;
}

/** Registers what the tests of a file share. */
export function startVisits(): Visits {
  let work: Workplace;
  let browser: Browser;
  const open: { close(): Promise<unknown> }[] = [];
  beforeAll(async () => {
    await buildPage();
    [work, browser] = await Promise.all([openWorkplace(), launchChromium()]);
  });
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });
  afterAll(async () => {
    await browser?.close();
    await work?.close();
  });

  const closeLater = (thing: { close(): Promise<unknown> }) => void open.push(thing);
  const newContext: Visits['newContext'] = async (options) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
    closeLater(context);
    // On a machine that is busy with other things, what a test waits for may take minutes.
    context.setDefaultTimeout(120_000);
    return context;
  };
  const visit: Visits['visit'] = async (context, viewer, annotator) => {
    const page = await context.newPage();
    const address = new URL(viewer.url);
    address.searchParams.set('annotator', annotator);
    await page.goto(address.href);
    await page.waitForSelector('.clip, .notice h1:not(:text("Loading"))');
    return page;
  };
  return {
    get work() {
      return work;
    },
    closeLater,
    newContext,
    visit,
    serve: async (queries, options = {}) => {
      const viewer = await work.serve(queries, options);
      closeLater(viewer);
      return viewer;
    },
    newPage: async (viewer, annotator, options) => visit(await newContext(options), viewer, annotator),
  };
}

export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** Waits until the page says that so many queries are answered, which it hears after the next query. */
export function answered(page: Page, count: number): Promise<void> {
  return page.locator(`.counts strong:first-child:text-is("${count}")`).waitFor();
}
