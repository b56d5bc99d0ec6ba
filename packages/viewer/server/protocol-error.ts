import type { ErrorCode } from '../protocol/index.js';

/** What a page did wrong, or what could not be done for it; becomes an error reply. */
export class ProtocolError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}
