import { readFile } from 'node:fs/promises';
import { CorruptDataError } from '@rapport/core';
import type { z } from 'zod';

/** Reads a file whole. @throws CorruptDataError when it is missing or cannot be read */
export async function readBytes(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === 'ENOENT' ? 'is missing' : `cannot be read: ${cause.message}`;
    throw new CorruptDataError(`${path} ${what}`, { cause });
  });
}

/** @throws CorruptDataError when the text is not JSON */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptDataError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** @throws CorruptDataError naming the file and the first field that does not fit */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path: string,
  fieldName: (key: string) => string = (key) => key,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const [first, ...rest] = issue.path.map(String);
  const field = first === undefined ? 'the document' : [fieldName(first), ...rest].join('.');
  throw new CorruptDataError(`${path}: ${field}: ${issue.message}`);
}
