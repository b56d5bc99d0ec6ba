import { existsSync } from 'node:fs';
import { InputError } from '@rapport/core';
import type { Ledger } from '@rapport/data';
import { z } from 'zod';

/** Where the feedback ledger is when neither the option nor DATABASE_URL says otherwise. */
const DEFAULT_FOLDER = 'outputs/ledger';

export const ledgerOption = z
  .string()
  .min(1)
  .optional()
  .describe(`the feedback ledger: a folder, or postgresql://...; by default DATABASE_URL, else ${DEFAULT_FOLDER}`);

/** Opens the ledger that the option names, made when there is none. */
export async function openChosenLedger(chosen: string | undefined): Promise<Ledger> {
  const { openLedger } = await import('@rapport/data');
  const place = placeOf(chosen);
  return openLedger(isServer(place) ? { databaseUrl: place } : { directory: place });
}

/**
 * Opens a ledger to read from.
 * @throws InputError when there is none
 */
export async function openExistingLedger(chosen: string | undefined): Promise<Ledger> {
  const place = placeOf(chosen);
  if (!isServer(place) && !existsSync(place)) {
    throw new InputError(`there is no feedback ledger at ${place}`, {
      fix: 'rank a dataset first (rapport rank), or name the ledger with --ledger',
    });
  }
  return openChosenLedger(place);
}

function placeOf(chosen: string | undefined): string {
  return chosen ?? process.env.DATABASE_URL ?? DEFAULT_FOLDER;
}

function isServer(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}
