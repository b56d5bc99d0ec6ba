import { createServer } from 'node:net';

/** First port of a domain, by the RTPS standard (section 9.6.1.1); Fast DDS uses the lower ones of a domain's 250. */
const firstPort = (domain: number) => 7400 + 250 * domain;
/** The last port of a domain's share, which nothing else uses. */
const LAST = 249;
/** Ports of higher domains may be taken by outgoing connections. */
const DOMAINS = { first: 10, count: 88 };

/**
 * A domain that no other process holds, for as long as this one lives: runs beside each other do not meet.
 * @throws Error when all are held
 */
export async function ownDomain(): Promise<string> {
  for (let attempt = 0; attempt < DOMAINS.count; attempt++) {
    const domain = DOMAINS.first + ((process.pid + attempt) % DOMAINS.count);
    if (await hold(firstPort(domain) + LAST)) return String(domain);
  }
  throw new Error('all ROS domains are in use by tests');
}

/** Listens on a port until this process ends; false when another one does. */
function hold(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.unref();
      resolve(true);
    });
  });
}
