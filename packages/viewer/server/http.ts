import type { IncomingMessage, ServerResponse } from 'node:http';
import { isHostAllowed } from './access.js';
import type { WebFile } from './web-files.js';

const securityHeaders = {
  // The page's own script, style, socket and pictures; nothing from elsewhere, nothing inline, no frame around it.
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  // A rebuilt page must never meet an old copy of itself; the files come from this machine or near it.
  'Cache-Control': 'no-cache',
} as const;

/** Serves the page's files and nothing else. */
export function serveFiles(files: ReadonlyMap<string, WebFile>, boundHost: string) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { status, contentType, body } = replyTo(request, files, boundHost);
    response.writeHead(status, { ...securityHeaders, 'Content-Type': contentType, 'Content-Length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}

function replyTo(request: IncomingMessage, files: ReadonlyMap<string, WebFile>, boundHost: string) {
  if (!isHostAllowed(request, boundHost)) return refusal(421, 'this server does not answer to that host name');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'only GET and HEAD are served');
  const path = (request.url ?? '/').split('?', 1)[0]!;
  const file = files.get(path);
  return file === undefined ? refusal(404, 'there is no such file') : { status: 200, ...file };
}

function refusal(status: number, text: string) {
  return { status, contentType: 'text/plain; charset=utf-8', body: Buffer.from(`${text}\n`) };
}
