import type { JsonSchema } from './fields.js';

/** Largest and smallest integers that zod writes as bounds when a schema names none. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

const NUMBER = /^[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?$/;

/**
 * Reads a value from the command line by the type that its field has.
 * Lists are written with commas (`10,25,50`).
 * @returns undefined when the text is not of the type; ranges are checked later, by the schema itself
 */
export function parseText(text: string, schema: JsonSchema): unknown {
  if (schema.anyOf !== undefined) return firstDefined(schema.anyOf.map((option) => parseText(text, option)));
  if (schema.const !== undefined) return String(schema.const) === text ? schema.const : undefined;
  if (schema.enum !== undefined) return schema.enum.find((value) => String(value) === text);
  switch (schema.type) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'integer':
    case 'number': {
      const number = NUMBER.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
      return Number.isFinite(number) && (schema.type === 'number' || Number.isInteger(number)) ? number : undefined;
    }
    case 'null':
      return text === 'null' ? null : undefined;
    case 'array': {
      const values = text === '' ? [] : text.split(',').map((part) => parseText(part.trim(), schema.items ?? {}));
      return values.includes(undefined) ? undefined : values;
    }
    default:
      return text;
  }
}

/** What a field takes, in words: `an integer from 1 to 6`, `one of state, image`. */
export function describeAllowed(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(describeAllowed).join(', or ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  switch (schema.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `an integer${describeRange(schema)}`;
    case 'number':
      return `a number${describeRange(schema)}`;
    case 'null':
      return 'null';
    case 'array':
      return `a list with commas, each ${describeAllowed(schema.items ?? {})}`;
    default:
      return 'text';
  }
}

function describeRange(schema: JsonSchema): string {
  const lower = schema.minimum !== undefined && schema.minimum > -UNBOUNDED ? schema.minimum : undefined;
  const upper = schema.maximum !== undefined && schema.maximum < UNBOUNDED ? schema.maximum : undefined;
  if (lower !== undefined && upper !== undefined) return ` from ${lower} to ${upper}`;
  const parts = [
    ...(lower === undefined ? [] : [`${lower} or more`]),
    ...(schema.exclusiveMinimum === undefined ? [] : [`above ${schema.exclusiveMinimum}`]),
    ...(upper === undefined ? [] : [`${upper} or less`]),
    ...(schema.exclusiveMaximum === undefined ? [] : [`below ${schema.exclusiveMaximum}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(' and ')}`;
}

/** A value as it would be written on the command line. */
export function formatValue(value: unknown): string {
  if (value === undefined) return '(not set)';
  if (Array.isArray(value)) return value.map(formatValue).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function firstDefined(values: readonly unknown[]): unknown {
  return values.find((value) => value !== undefined);
}
