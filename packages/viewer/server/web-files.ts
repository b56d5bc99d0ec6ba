import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '@rapport/core';

export interface WebFile {
  readonly contentType: string;
  readonly body: Buffer;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The built page by URL path, read once: what is not in this table cannot be asked for.
 * @throws UnavailableError when the page has not been built
 */
export function readWebFiles(): ReadonlyMap<string, WebFile> {
  // Run from `dist/server` the page is beside it; run from the sources it is in `dist` all the same.
  const place = import.meta.url.endsWith('.ts') ? '../dist/web/' : '../web/';
  const root = fileURLToPath(new URL(place, import.meta.url));
  if (!existsSync(join(root, 'index.html'))) {
    throw new UnavailableError("the viewer's page has not been built", {
      fix: 'pnpm --filter @rapport/viewer run build:web',
    });
  }
  const files = new Map<string, WebFile>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const contentType = contentTypes[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const url = `/${path.slice(root.length).replaceAll('\\', '/')}`;
    files.set(url, { contentType, body: readFileSync(path) });
  }
  files.set('/', files.get('/index.html')!);
  return files;
}
