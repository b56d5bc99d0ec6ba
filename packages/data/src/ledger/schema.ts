import type { LedgerEntry } from '@rapport/core';
import { z } from 'zod';

/** PostgreSQL stores neither NUL nor lone surrogates, so they are refused at the entry. */
const text = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => !/[\0\p{Cs}]/u.test(value), 'holds a NUL or half a surrogate pair');
const index = z.int().min(0);

const clipReference = z
  .strictObject({ dataset: text, episode: index, start: index, end: index })
  .refine((clip) => clip.start < clip.end, 'start must lie before end');

const query = z.strictObject({ id: text, items: z.array(clipReference).min(2).max(6) });

const value = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ranking'), ranks: z.array(index) }),
  z.strictObject({ kind: z.literal('pair'), preferred: z.union([z.literal(0), z.literal(1), z.null()]) }),
  z.strictObject({ kind: z.literal('skip') }),
  z.strictObject({ kind: z.literal('cannot-tell') }),
]);

/** What is shown at most beside an answer. */
const mostReasons = 20;

const annotation = z.strictObject({
  windows: z.exactOptional(
    z.array(
      z
        .strictObject({ start: index, end: index })
        .refine((window) => window.start < window.end, 'start must lie before end')
        .nullable(),
    ),
  ),
  reasons: z.exactOptional(z.array(text).min(1).max(mostReasons)),
  strength: z.exactOptional(z.literal([1, 2, 3])),
});

const feedback = z
  .strictObject({
    kind: z.literal('feedback'),
    id: text,
    query,
    screenOrder: z.array(index),
    value,
    annotator: text,
    shownAtMs: z.number(),
    answeredAtMs: z.number(),
    replays: z.array(index),
    annotation: z.exactOptional(annotation),
  })
  .superRefine((entry, context) => {
    const items = entry.query.items.length;
    const complain = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (!isPermutation(entry.screenOrder, items)) {
      complain(['screenOrder'], `must hold each of 0..${items - 1} once`);
    }
    if (entry.replays.length !== items) complain(['replays'], `must hold ${items} counts`);
    if (entry.value.kind === 'pair' && items !== 2) complain(['value'], `a pair needs 2 items, the query has ${items}`);
    if (entry.value.kind === 'ranking' && !areDensePlaces(entry.value.ranks, items)) {
      complain(['value', 'ranks'], `must hold ${items} places without gaps, counted from 0`);
    }
    const { windows, strength } = entry.annotation ?? {};
    if (entry.value.kind === 'skip' && entry.annotation !== undefined) {
      complain(['annotation'], 'must not be given with a skip');
    }
    if (strength !== undefined && !prefers(entry.value)) {
      complain(['annotation', 'strength'], 'needs an answer that prefers one item to another');
    }
    if (windows !== undefined && windows.length !== items) {
      complain(['annotation', 'windows'], `must hold ${items} windows or nulls`);
    }
    const isOutside = entry.query.items.some(({ start, end }, item) => {
      const window = windows?.[item];
      return window != null && (window.start < start || window.end > end);
    });
    if (isOutside) complain(['annotation', 'windows'], 'must lie inside their items');
  });

const undo = z.strictObject({
  kind: z.literal('undo'),
  id: text,
  undoes: text,
  annotator: text,
  atMs: z.number(),
});

/** What may stand in a ledger, checked on the way in and on the way out. */
export const ledgerEntrySchema: z.ZodType<LedgerEntry> = z.discriminatedUnion('kind', [feedback, undo]);

/** The first problem of a failed check as one clause: where, and what is wrong. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}

function prefers(answer: z.infer<typeof value>): boolean {
  if (answer.kind === 'ranking') return answer.ranks.some((rank) => rank > 0);
  return answer.kind === 'pair' && answer.preferred !== null;
}

function isPermutation(order: readonly number[], count: number): boolean {
  return order.length === count && [...order].sort((a, b) => a - b).every((entry, position) => entry === position);
}

function areDensePlaces(ranks: readonly number[], count: number): boolean {
  const places = new Set(ranks);
  return ranks.length === count && [...places].every((place) => place < places.size);
}
