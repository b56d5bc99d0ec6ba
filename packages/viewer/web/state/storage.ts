import { z } from 'zod';
import { annotatorPattern, clientMessageSchema } from '../../protocol/index.js';

/** What the page keeps in the browser so that neither a reload nor a lost connection costs an answer. */
const keptSchema = z.object({
  /** Answers and undos that the server has not acknowledged, oldest first. */
  outbox: z.array(clientMessageSchema),
  /** Queries on the page, the open one first. */
  held: z.array(z.string()),
  /** The open query's ranking so far. */
  draft: z
    .object({
      query: z.string(),
      ranking: z.array(z.array(z.int().min(0).max(5))),
      shownAtMs: z.number(),
      plays: z.int().min(0),
      // An older page kept none.
      remarks: z
        .object({
          window: z.object({ fromSecs: z.number(), toSecs: z.number() }).nullable(),
          reasons: z.array(z.string()),
          strength: z.literal([1, 2, 3]).nullable(),
        })
        .default({ window: null, reasons: [], strength: null }),
    })
    .nullable(),
});

export type Kept = z.infer<typeof keptSchema>;
export type Draft = NonNullable<Kept['draft']>;

const nothing: Kept = { outbox: [], held: [], draft: null };

/** Reads what was kept for the annotator; what is damaged counts as nothing. */
export function loadKept(annotator: string): Kept {
  try {
    const text = localStorage.getItem(keyOf(annotator));
    const checked = keptSchema.safeParse(text === null ? nothing : JSON.parse(text));
    return checked.success ? checked.data : nothing;
  } catch {
    return nothing;
  }
}

export function saveKept(annotator: string, kept: Kept): void {
  localStorage.setItem(keyOf(annotator), JSON.stringify(kept));
}

/** The name in the address, else the one used last, else a new guest name. */
export function annotatorName(): string {
  const asked = new URLSearchParams(location.search).get('annotator');
  const known = [asked, localStorage.getItem('rapport.annotator')].find((name) => name && annotatorPattern.test(name));
  const name = known ?? `guest-${newId().slice(0, 6)}`;
  saveAnnotatorName(name);
  return name;
}

export function saveAnnotatorName(name: string): void {
  localStorage.setItem('rapport.annotator', name);
}

/** A random UUID; `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function keyOf(annotator: string): string {
  return `rapport.kept.${annotator}`;
}
