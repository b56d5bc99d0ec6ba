import { InputError, type RapportError } from '@rapport/core';

/**
 * Calls something that must be refused; says what happened instead.
 * @param kind the error that has to be thrown
 */
export function notRefused(
  what: string,
  call: () => unknown,
  kind: typeof InputError | typeof RapportError = InputError,
): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof kind) return undefined;
    return `${what} throws ${error instanceof Error ? error.name : String(error)} instead of ${kind.name}`;
  }
  return `${what} is not refused`;
}
