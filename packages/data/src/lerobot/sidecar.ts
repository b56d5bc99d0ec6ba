import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BoxSpace, boxSpace } from '@rapport/core';
import * as z from 'zod';
import { appendDurably, writeDurably } from '../durable.js';
import { DatasetFileError } from './file-error.js';
import { INFO_PATH, parseOrThrow, readJson } from './info.js';

/** What a LeRobotDataset has no place for, and a learner may know; below `meta/rapport`, which LeRobot ignores. */
export interface DatasetCard {
  readonly id: string;
  readonly envId: string;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
}

/** One line of `meta/rapport/episodes.jsonl`. */
export interface EpisodeCard {
  readonly episode: number;
  readonly envId: string;
  readonly seed: number;
  readonly policy: string;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** What stopped it before its time; absent when nothing did. */
  readonly stopped?: string;
  /** What followed the last action; a LeRobotDataset keeps only the observations that had an action. */
  readonly finalObservation: readonly number[];
}

const CARD_PATH = 'meta/rapport/dataset.json';
/** Path of the episode cards below the dataset's folder. */
export const EPISODE_CARDS_PATH = 'meta/rapport/episodes.jsonl';
const FORMAT_VERSION = 1;

// JSON has no infinity: an unbounded side of an entry is null.
const spaceSchema = z.array(
  z.object({
    name: z.string(),
    unit: z.string(),
    low: z.number().nullable(),
    high: z.number().nullable(),
  }),
);

const cardSchema = z.object({
  format: z.literal('rapport-dataset'),
  version: z.literal(FORMAT_VERSION),
  id: z.string().min(1),
  envId: z.string(),
  observationSpace: spaceSchema,
  actionSpace: spaceSchema,
});

const episodeCardSchema = z.object({
  episode: z.int().nonnegative(),
  envId: z.string(),
  seed: z.int(),
  policy: z.string(),
  terminated: z.boolean(),
  truncated: z.boolean(),
  stopped: z.exactOptional(z.string()),
  finalObservation: z.array(z.number()),
});

/** Writes `meta/rapport/dataset.json`. */
export async function writeDatasetCard(directory: string, card: DatasetCard): Promise<void> {
  const document: z.infer<typeof cardSchema> = {
    format: 'rapport-dataset',
    version: FORMAT_VERSION,
    id: card.id,
    envId: card.envId,
    observationSpace: encodeSpace(card.observationSpace),
    actionSpace: encodeSpace(card.actionSpace),
  };
  await writeDurably(join(directory, CARD_PATH), `${JSON.stringify(document, null, 2)}\n`);
}

/**
 * Reads `meta/rapport/dataset.json`; undefined when the dataset was not written by Rapport.
 * @throws DatasetFileError when it is damaged or of a newer version
 */
export async function readDatasetCard(directory: string): Promise<DatasetCard | undefined> {
  if (!(await exists(join(directory, CARD_PATH)))) return undefined;
  const card = parseOrThrow(cardSchema, await readJson(directory, CARD_PATH), { directory, file: CARD_PATH });
  return {
    id: card.id,
    envId: card.envId,
    observationSpace: decodeSpace(card.observationSpace),
    actionSpace: decodeSpace(card.actionSpace),
  };
}

/** The episode cards that count, and the length in bytes of their lines. */
export interface EpisodeCards {
  readonly cards: readonly EpisodeCard[];
  readonly byteLength: number;
}

/**
 * Reads the first `count` episode cards; what follows them was never acknowledged.
 * @throws DatasetFileError when a card is missing or damaged, naming its line
 */
export async function readEpisodeCards(directory: string, count: number): Promise<EpisodeCards> {
  if (count === 0) return { cards: [], byteLength: 0 };
  const reference = { directory, file: EPISODE_CARDS_PATH };
  let text: string;
  try {
    text = await readFile(join(directory, EPISODE_CARDS_PATH), 'utf8');
  } catch (cause) {
    throw new DatasetFileError(reference, 'is missing or unreadable', { cause });
  }
  const lines = text.split('\n').slice(0, -1);
  if (lines.length < count) {
    throw new DatasetFileError(reference, `has ${lines.length} whole lines; ${INFO_PATH} counts ${count} episodes`);
  }
  const counted = lines.slice(0, count);
  const cards = counted.map((line, index) => {
    const at = { ...reference, row: index };
    const card = parseOrThrow(episodeCardSchema, parseLine(line), at);
    if (card.episode !== index) throw new DatasetFileError(at, `is about episode ${card.episode}`);
    return card;
  });
  return { cards, byteLength: Buffer.byteLength(`${counted.join('\n')}\n`) };
}

/** Appends a card behind the first `byteLength` bytes; returns the new length. */
export async function appendEpisodeCard(directory: string, byteLength: number, card: EpisodeCard): Promise<number> {
  return appendDurably(join(directory, EPISODE_CARDS_PATH), byteLength, `${JSON.stringify(card)}\n`);
}

/** A line that is not JSON is handed on as text, which the schema then refuses. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function encodeSpace(space: BoxSpace): z.infer<typeof spaceSchema> {
  return space.entries.map(({ name, unit, low, high }) => ({
    name,
    unit,
    low: Number.isFinite(low) ? low : null,
    high: Number.isFinite(high) ? high : null,
  }));
}

function decodeSpace(entries: z.infer<typeof spaceSchema>): BoxSpace {
  return boxSpace(
    entries.map(({ name, unit, low, high }) => ({
      name,
      unit,
      low: low ?? Number.NEGATIVE_INFINITY,
      high: high ?? Number.POSITIVE_INFINITY,
    })),
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch {
    return false;
  }
}
