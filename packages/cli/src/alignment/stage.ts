import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@rapport/data';
import type { z } from 'zod';

/**
 * Does a part of an experiment, or takes its result from the file that an earlier try left.
 * @param name of the file below `directory`, which is written when the part is done
 */
export async function stage<Schema extends z.ZodType>(
  directory: string,
  name: string,
  schema: Schema,
  work: () => Promise<z.input<Schema>>,
): Promise<z.output<Schema>> {
  const path = join(directory, `${name}.json`);
  if (existsSync(path)) return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  const result = await work();
  await writeDurably(path, `${JSON.stringify(result, null, 2)}\n`);
  return schema.parse(result);
}
