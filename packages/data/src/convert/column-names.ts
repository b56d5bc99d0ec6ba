import { type BoxSpace, boxSpace } from '@rapport/core';
import { parseFieldPath } from './field-path.js';
import type { VectorSource } from './mapping.js';

/** The space of the vectors that sources make, one entry per field; nothing is known of its bounds. */
export function spaceOf(sources: readonly VectorSource[]): BoxSpace {
  const plain = sources.flatMap(({ topic, fields }) =>
    fields.map((field) => ({ topic, field, name: columnName(field) })),
  );
  const entries = plain.map(({ topic, field, name }) => {
    const unique = plain.filter((other) => other.name === name).length === 1;
    const named = unique ? name : `${topic.slice(1).replaceAll(/\W+/g, '_')}_${name}`;
    return { name: named, unit: unitOf(field), low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  });
  return boxSpace(entries);
}

/** `position[fr3_joint1]` is `fr3_joint1_position`, `values[cup_x]` is `cup_x`, `pose.position.x` is `pose_position_x`. */
function columnName(field: string): string {
  const words = parseFieldPath(field).parts.map((part) =>
    'field' in part ? part.field : 'named' in part ? part.named : String(part.place),
  );
  const named = /^(\w+)\[([A-Za-z_]\w*)\]$/.exec(field);
  if (named === null) return words.join('_');
  return named[1] === 'values' ? named[2]! : `${named[2]}_${named[1]}`;
}

/** What REP-103 says of the fields of joint states and poses; `1` where nothing is known. */
function unitOf(field: string): string {
  if (field.startsWith('position[')) return /finger/.test(field) ? 'm' : 'rad';
  if (field.includes('.positions[')) return 'rad';
  return /\bposition\.[xyz]$/.test(field) ? 'm' : '1';
}
