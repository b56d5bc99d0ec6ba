import { createHash } from 'node:crypto';

/** SHA-256 of several parts, in hexadecimal; each part is preceded by its length, so that parts cannot run together. */
export function hashOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(`${part.length}:`);
    hash.update(part);
  }
  return hash.digest('hex');
}
