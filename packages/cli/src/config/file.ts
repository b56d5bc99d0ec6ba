import { readFile } from 'node:fs/promises';
import { InputError } from '@rapport/core';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import type { GivenValue } from './arguments.js';
import type { Field } from './fields.js';
import { findField } from './keys.js';
import { UsageError } from './usage-error.js';

/**
 * Reads a configuration file in YAML: the same keys as the command line, as nested maps or with dots.
 * @throws InputError when the file cannot be read
 * @throws UsageError naming file and line on a syntax error or an unknown key
 */
export async function readConfigFile(file: string, fields: readonly Field[]): Promise<GivenValue[]> {
  const text = await readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const line = lines.linePos(problem.pos[0]).line;
    throw new UsageError(`${file}, line ${line}: not valid YAML: ${problem.message.split('\n')[0]}`);
  }
  if (document.contents === null) return [];
  if (!isMap(document.contents)) {
    throw new UsageError(`${file} is not a map of options`, { fix: 'write one "key: value" a line' });
  }
  return readMap(document.contents, '', { file, fields, lines });
}

interface Reading {
  readonly file: string;
  readonly fields: readonly Field[];
  readonly lines: LineCounter;
}

function readMap(map: YAMLMap, prefix: string, reading: Reading): GivenValue[] {
  return map.items.flatMap((pair) => {
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const line = reading.lines.linePos(isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0).line;
    const isGroup = reading.fields.some((field) => field.key.startsWith(`${key}.`));
    if (isMap(pair.value) && isGroup) return readMap(pair.value, key, reading);
    const where = `${reading.file}, line ${line}`;
    const field = findField(reading.fields, key, where);
    const value = toPlain(pair.value);
    // An empty value ("key:") leaves the field as it is.
    return value === null && field.schema.type !== 'null' && field.schema.anyOf === undefined
      ? []
      : [{ field, value, where }];
  });
}

function toPlain(node: unknown): unknown {
  return isNode(node) ? node.toJSON() : node;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new InputError(`the configuration file ${file} ${missing ? 'does not exist' : 'cannot be read'}`, { cause });
  }
}
