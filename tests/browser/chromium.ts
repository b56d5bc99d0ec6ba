import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** The browser to test in: `CHROMIUM`, or the first of the usual names on the path; undefined when there is none. */
export const chromiumPath: string | undefined = [
  process.env.CHROMIUM,
  'chromium',
  'chromium-browser',
  'google-chrome',
].reduce<string | undefined>((found, name) => found ?? (name ? which(name) : undefined), undefined);

/** Why browser tests are skipped, with the command that would help. */
export const skipReason = 'no Chromium found: apt-get install chromium, or set CHROMIUM to its path';

function which(name: string): string | undefined {
  try {
    return execFileSync('which', [name], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** Starts a headless browser that draws WebGL in software and asks nothing of the network. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: [
      '--no-sandbox',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
