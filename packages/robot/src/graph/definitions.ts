import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InputError } from '@rapport/core';

const primitives = new Set(
  'bool byte char float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 string wstring'.split(' '),
);
const separator = '='.repeat(80);

/**
 * The definition of a message type with those of the types that it is made of, in the form that MCAP and rosbag2 call
 * `ros2msg`: the type's own text, then one part per other type after a line of 80 "=" and a line `MSG: package/Name`.
 * @param type for example `sensor_msgs/msg/JointState`
 * @param prefixes where packages are looked for, as in AMENT_PREFIX_PATH
 * @throws InputError when a package or type is not there
 */
export function messageDefinition(type: string, prefixes: readonly string[] = amentPrefixes()): string {
  const own = readDefinition(type, prefixes);
  const parts = new Map<string, string>();
  collectTypes(type, own, prefixes, parts);
  const others = [...parts].map(([name, text]) => `${separator}\nMSG: ${name.replace('/msg/', '/')}\n${text}`);
  return [own, ...others].join('\n');
}

function collectTypes(type: string, text: string, prefixes: readonly string[], found: Map<string, string>): void {
  const [home] = type.split('/');
  for (const used of usedTypes(text, home!)) {
    if (found.has(used)) continue;
    const definition = readDefinition(used, prefixes);
    found.set(used, definition);
    collectTypes(used, definition, prefixes, found);
  }
}

/** Full names of the message types among the fields of a definition. */
function usedTypes(text: string, home: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [word, name] = line.split('#')[0]!.trim().split(/\s+/);
    if (word === undefined || word === '' || name === undefined) return [];
    const base = word.replace(/\[.*\]$/, '').replace(/<=\d+$/, '');
    if (primitives.has(base)) return [];
    const parts = base.split('/');
    return [parts.length === 1 ? `${home}/msg/${base}` : `${parts[0]}/msg/${parts.at(-1)}`];
  });
}

function readDefinition(type: string, prefixes: readonly string[]): string {
  const [home, kind, name, ...rest] = type.split('/');
  if (kind !== 'msg' || name === undefined || rest.length > 0) {
    throw new InputError(`"${type}" is no message type; expected one such as sensor_msgs/msg/JointState`);
  }
  for (const prefix of prefixes) {
    const file = join(prefix, 'share', home!, 'msg', `${name}.msg`);
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  const known = prefixes.some((prefix) => existsSync(join(prefix, 'share', home!)));
  throw new InputError(
    known ? `ROS package ${home} has no message type ${name}` : `ROS package ${home} is not installed`,
    { fix: known ? 'check the name of the type' : 'install it into the ROS 2 that `rapport ros setup` used' },
  );
}

function amentPrefixes(): string[] {
  return (process.env.AMENT_PREFIX_PATH ?? '').split(delimiter).filter((prefix) => prefix !== '');
}
