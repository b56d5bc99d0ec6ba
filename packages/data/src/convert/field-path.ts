import { InputError } from '@rapport/core';
import type { DecodedMessage } from '../rosbag2/decode.js';

/** One step into a message: a field, a place in an array, or the place that a name has in the message's own names. */
type Part = { readonly field: string } | { readonly place: number } | { readonly named: string };

/** A path to one number of a message. */
export interface FieldPath {
  readonly text: string;
  readonly parts: readonly Part[];
}

/** Fields that hold the names of a message's arrays: JointState, NamedValues, JointTrajectory. */
const NAME_FIELDS = ['name', 'names', 'joint_names'];

/**
 * Parses `pose.position.x`, `data[2]`, `points[0].positions[1]` or `position[fr3_joint1]`.
 * @throws InputError when it is none
 */
export function parseFieldPath(text: string): FieldPath {
  const parts: Part[] = [];
  const pattern = /(?:^|\.)([A-Za-z_]\w*)|\[([^\][]+)\]/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) {
      throw new InputError(`"${text}" is no path to a field`, { fix: 'write pose.position.x or position[fr3_joint1]' });
    }
    const [, field, bracket] = match;
    if (field !== undefined) parts.push({ field });
    else parts.push(/^\d+$/.test(bracket!) ? { place: Number(bracket) } : { named: bracket! });
  }
  return { text, parts };
}

/**
 * The number that a path leads to.
 * @throws InputError saying what the message has instead
 */
export function readField(message: DecodedMessage, path: FieldPath): number {
  let value: unknown = message;
  let holder: DecodedMessage = message;
  for (const part of path.parts) {
    if ('field' in part) {
      holder = value as DecodedMessage;
      value = holder[part.field];
    } else {
      const place = 'place' in part ? part.place : placeOfName(holder, part.named, path);
      value = (value as ArrayLike<unknown> | undefined)?.[place];
    }
    if (value === undefined) throw new InputError(`it has no "${path.text}"; it has ${describe(holder)}`);
  }
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  throw new InputError(`"${path.text}" is no number`);
}

function placeOfName(holder: DecodedMessage, name: string, path: FieldPath): number {
  const names = namesOf(holder);
  const place = names.indexOf(name);
  if (place < 0) throw new InputError(`it has no "${path.text}"; its names are ${names.join(', ') || 'none'}`);
  return place;
}

/** The names that a message gives to the entries of its arrays; none when it has none. */
export function namesOf(message: DecodedMessage): readonly string[] {
  for (const field of NAME_FIELDS) {
    const names = message[field];
    if (Array.isArray(names)) return names.map(String);
  }
  return [];
}

function describe(message: DecodedMessage): string {
  return Object.keys(message).join(', ') || 'no fields';
}

/** A message that is being made. */
export type MessageDraft = Record<string, unknown>;

/**
 * Writes a number to where a path leads, making what it leads through; names are added to `nameField`.
 * @throws InputError when the path needs names and the type has no field for them
 */
export function writeField(message: MessageDraft, path: FieldPath, value: number, nameField: string | undefined): void {
  const last = path.parts.length - 1;
  let target: MessageDraft | unknown[] = message;
  path.parts.forEach((part, index) => {
    const key: string | number =
      'field' in part ? part.field : 'place' in part ? part.place : addName(message, part.named, path, nameField);
    const holder = target as Record<string | number, unknown>;
    if (index === last) {
      holder[key] = value;
      return;
    }
    holder[key] ??= 'field' in path.parts[index + 1]! ? {} : [];
    target = holder[key] as MessageDraft;
  });
}

function addName(message: MessageDraft, name: string, path: FieldPath, nameField: string | undefined): number {
  if (nameField === undefined) throw new InputError(`"${path.text}" needs names, which its type does not have`);
  message[nameField] ??= [];
  const names = message[nameField] as string[];
  if (!names.includes(name)) names.push(name);
  return names.indexOf(name);
}
