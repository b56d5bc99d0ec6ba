import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * Whether the request names this server as its host. On the loopback interface only loopback names pass, which stops
 * pages whose own domain name resolves to 127.0.0.1 (DNS rebinding); elsewhere the token does that.
 */
export function isHostAllowed(request: IncomingMessage, boundHost: string): boolean {
  const hostname = hostnameOf(`http://${request.headers.host ?? ''}`);
  if (hostname === undefined) return false;
  return isLoopback(boundHost) ? isLoopback(hostname) : true;
}

/**
 * Whether a WebSocket request comes from this server's own page: its origin names the host that it is sent to.
 * Programs other than browsers send no origin; they pass, for a foreign page cannot leave it out.
 */
export function isOriginAllowed(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

/** Compares in a time that does not depend on where the two differ. */
export function isTokenRight(given: string | null, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== null && timingSafeEqual(digest(given), digest(expected));
}

function hostnameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return undefined;
  }
}
