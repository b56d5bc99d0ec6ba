import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CorruptDataError } from '@rapport/core';
import * as z from 'zod';
import { writeDurably } from '../durable.js';
import { type BagMapping, parseMapping } from './mapping.js';

/** What a dataset keeps of the bag that it was made from, in `meta/rapport/conversion.json`; LeRobot ignores it. */
export interface ConversionRecord {
  /** Name of the bag. */
  readonly bag: string;
  readonly mapping: BagMapping;
  /** Message type of each topic of the mapping. */
  readonly types: Readonly<Record<string, string>>;
  /** Time of the first step of each episode, nanoseconds of the mapping's clock. */
  readonly episodeStarts: readonly bigint[];
}

const PATH = 'meta/rapport/conversion.json';
const schema = z.object({
  format: z.literal('rapport-conversion'),
  version: z.literal(1),
  bag: z.string(),
  mapping: z.unknown(),
  types: z.record(z.string(), z.string()),
  episodeStarts: z.array(z.string().regex(/^-?\d+$/)),
});

export async function writeConversion(directory: string, record: ConversionRecord): Promise<void> {
  const { episodeStarts, ...rest } = record;
  const document = { format: 'rapport-conversion', version: 1, ...rest, episodeStarts: episodeStarts.map(String) };
  await writeDurably(join(directory, PATH), `${JSON.stringify(document, null, 2)}\n`);
}

/**
 * Undefined when the dataset was not made from a bag.
 * @throws CorruptDataError when the record is damaged
 */
export async function readConversion(directory: string): Promise<ConversionRecord | undefined> {
  const file = join(directory, PATH);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const { bag, mapping, types, episodeStarts } = schema.parse(JSON.parse(text));
    return { bag, types, mapping: parseMapping(mapping, file), episodeStarts: episodeStarts.map(BigInt) };
  } catch (cause) {
    throw new CorruptDataError(`${file} is damaged`, { fix: 'remove it to convert without it', cause });
  }
}
