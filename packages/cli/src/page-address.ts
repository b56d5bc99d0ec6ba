import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** Names of this machine that no other can reach it by. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

export const pagePort = z.int().min(0).max(65_535).default(0).describe('port of the page; 0 takes any free one');

/** Options that say where a page is served. */
export const pageAddress = {
  port: pagePort,
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on; other machines reach 0.0.0.0'),
  token: z
    .string()
    .min(16)
    .optional()
    .describe('secret in the address of the page; made by itself where other machines can reach it'),
};

/** The secret that an address needs: the given one, or a new one where other machines can reach the page. */
export function addressToken(host: string, given: string | undefined): string | undefined {
  return given ?? (LOCAL.test(host) ? undefined : randomBytes(16).toString('hex'));
}
