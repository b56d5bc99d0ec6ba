import { z } from 'zod';

/** The part of JSON Schema that option schemas use; zod writes it. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** One value that a command takes. */
export interface Field {
  /** Dotted path, for example `policy.learningRate`. */
  readonly key: string;
  readonly schema: JsonSchema;
  /** One line, from the schema's `describe`. */
  readonly meaning: string;
  /** Undefined when the field has none. */
  readonly default: unknown;
  /** The command cannot run without it. */
  readonly required: boolean;
}

/** The fields of an options schema in its own order; objects are opened, their parts get dotted keys. */
export function listFields(schema: z.ZodObject): Field[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return openObject(json, '', undefined);
}

function openObject(object: JsonSchema, prefix: string, defaults: unknown): Field[] {
  return Object.entries(object.properties ?? {}).flatMap(([name, schema]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    // A default given for a whole object counts before the defaults of its parts.
    const given = isRecord(defaults) && name in defaults ? defaults[name] : schema.default;
    if (schema.properties !== undefined) return openObject(schema, key, given);
    const required = given === undefined && (object.required ?? []).includes(name);
    return [{ key, schema, meaning: schema.description ?? '', default: given, required }];
  });
}

/** Puts a value at a dotted key, making the objects on the way. */
export function setAtKey(target: Record<string, unknown>, key: string, value: unknown): void {
  const path = key.split('.');
  const last = path.pop()!;
  let object = target;
  for (const name of path) {
    const inner = object[name];
    if (isRecord(inner)) object = inner;
    else object = object[name] = {};
  }
  object[last] = value;
}

/** The value at a dotted key, or undefined. */
export function getAtKey(source: unknown, key: string): unknown {
  return key.split('.').reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), source);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
