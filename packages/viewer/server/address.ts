import type { Server } from 'node:http';
import { InputError, UnavailableError } from '@rapport/core';
import { isLoopback } from './access.js';

/** @throws InputError when other machines can reach the host and there is no long token */
export function checkAddress(host: string, token: string | undefined): void {
  if (token !== undefined && token.length < 16) {
    throw new InputError(`the token has ${token.length} characters; expected at least 16`);
  }
  if (token === undefined && !isLoopback(host)) {
    throw new InputError(`host ${host} can be reached from other machines, and there is no token`, {
      fix: 'give a token of at least 16 characters, or leave the host out to serve this machine only',
    });
  }
}

/** @throws UnavailableError when the port or the address cannot be had */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const cause = { cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new UnavailableError(`port ${port} on ${host} is in use by another program`, {
        fix: 'choose another port, or port 0 for any free one',
        ...cause,
      });
    case 'EACCES':
      return new UnavailableError(`port ${port} on ${host} is not allowed for this user`, {
        fix: 'choose a port of 1024 or above, or port 0 for any free one',
        ...cause,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UnavailableError(`host ${host} is no address of this machine`, {
        fix: 'leave the host out, or give an address that this machine has',
        ...cause,
      });
    default:
      return new UnavailableError(`cannot listen on port ${port} of ${host}: ${error.message}`, cause);
  }
}

/** The address of a page of this server, with the token where there is one. */
export function pageUrl(host: string, port: number, token: string | undefined, page = ''): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}/${page}${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`;
}
