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
  readonly oneOf?: readonly JsonSchema[];
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
  /** The field is there only while another one has this value; two fields of the same key may be there in turn. */
  readonly only?: Choice;
}

/** A value of an option that decides which others there are, for example `policy.type` and `diffusion`. */
export interface Choice {
  readonly key: string;
  readonly value: string;
}

/**
 * The fields of an options schema in its own order; objects are opened, their parts get dotted keys. Of a discriminated
 * union the discriminator comes first, with the first member as its default, then the fields of every member.
 */
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
    const members = schema.oneOf ?? schema.anyOf ?? [];
    if (members[0]?.properties !== undefined) return openUnion(members, key);
    const required = given === undefined && (object.required ?? []).includes(name);
    return [{ key, schema, meaning: schema.description ?? '', default: given, required }];
  });
}

function openUnion(members: readonly JsonSchema[], prefix: string): Field[] {
  const [first] = members;
  const name = Object.entries(first!.properties!).find(([, { const: value }]) => value !== undefined)![0];
  const key = `${prefix}.${name}`;
  const values = members.map(({ properties }) => String(properties![name]!.const));
  const chooser: Field = {
    key,
    schema: { type: 'string', enum: values },
    meaning: first!.properties![name]!.description ?? '',
    default: values[0],
    required: false,
  };
  const parts = members.flatMap((member, index) =>
    openObject(member, prefix, undefined)
      .filter((field) => field.key !== key)
      .map((field) => ({ ...field, only: { key, value: values[index]! } })),
  );
  return [chooser, ...parts];
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
