import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InputError, nearestName, type Vector3 } from '@rapport/core';
import type { CollisionThresholds } from '@rapport/sim';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type ArmName, armNames, hardwareLimits } from './hardware-limits.js';

const positive = z.number().positive();
const perJoint = z.array(z.number()).length(7);
const positivePerJoint = z.array(positive).length(7);
const point = z.tuple([z.number(), z.number(), z.number()]);

/** A limits file. Its keys are those of a ROS 2 parameter file; positions are in the frame of the arm's base. */
const limitsFileSchema = z.strictObject({
  arm: z.enum(armNames),
  joints: z.strictObject({
    position_min: perJoint,
    position_max: perJoint,
    velocity: positivePerJoint,
    acceleration: positivePerJoint,
    jerk: positivePerJoint,
  }),
  workspace: z.strictObject({ min: point, max: point }),
  minimum_height: z.number(),
  tool_speed: z.strictObject({ translation: positive, rotation: positive }),
  contact: z.strictObject({ force: positive, moment: positive, joint_torque: positivePerJoint }),
  tracking_error: positive,
  watchdog: z.strictObject({ observation_age: positive, chunk_deadline: positive, dead_man_age: positive }),
});

type LimitsFile = z.infer<typeof limitsFileSchema>;

/** What the envelope keeps to. Lists have one entry per joint. */
export interface SafetyLimits {
  readonly arm: ArmName;
  readonly joints: {
    /** rad. */
    readonly positionMin: readonly number[];
    readonly positionMax: readonly number[];
    /** rad/s; the FR3's limits that depend on the position apply as well. */
    readonly velocity: readonly number[];
    /** rad/s^2. */
    readonly acceleration: readonly number[];
    /** rad/s^3. */
    readonly jerk: readonly number[];
  };
  /** Box for the tool centre point in the base's frame, metres. */
  readonly workspace: { readonly min: Vector3; readonly max: Vector3 };
  /** Least height of the tool centre point over the base's plane, metres. */
  readonly minimumHeight: number;
  /** Of the tool centre point: m/s, rad/s. */
  readonly toolSpeed: { readonly translation: number; readonly rotation: number };
  /** External force (N) and moment (N m) on the tool, external torque on each joint (N m): beyond, the arm stops. */
  readonly contact: { readonly force: number; readonly moment: number; readonly jointTorque: readonly number[] };
  /** Largest distance of a measured joint from where it was sent, rad: beyond, the arm stops. */
  readonly trackingError: number;
  /** Seconds after which the arm stops: without an observation, without a chunk, without the operator's sign. */
  readonly watchdog: {
    readonly observationAge: number;
    readonly chunkDeadline: number;
    readonly deadManAge: number;
  };
}

/** Limits that ship, by name: careful ones for a table in front of the arm, and what the arm can do at most. */
export const limitsNames = ['panda', 'fr3', 'panda-full', 'fr3-full'] as const;
export type LimitsName = (typeof limitsNames)[number];

/** The file of limits that ship. */
export function shippedLimits(name: LimitsName): string {
  return fileURLToPath(new URL(`../../limits/${name}.yaml`, import.meta.url));
}

/**
 * Reads a limits file: a path, or the name of one that ships.
 * @throws InputError naming the file and the key that is missing, wrong or beyond what the arm can do
 */
export async function readLimits(nameOrPath: string): Promise<SafetyLimits> {
  const shipped = limitsNames.find((name) => name === nameOrPath);
  const path = shipped === undefined ? nameOrPath : shippedLimits(shipped);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new InputError(`limits file ${path}: ${cause.code === 'ENOENT' ? 'there is none' : cause.message}`, {
      cause,
      fix: `name a file, or use one that ships: ${limitsNames.join(', ')}`,
    });
  });
  return parseLimits(text, path);
}

/** Contact limits in the terms of a simulated arm, for environments that end an episode where the envelope would stop the arm. */
export function contactThresholds({ contact }: SafetyLimits): CollisionThresholds {
  return { jointTorques: contact.jointTorque, force: contact.force, moment: contact.moment };
}

/**
 * Limits from the text of a file.
 * @param source what messages call it
 * @throws InputError as `readLimits`
 */
export function parseLimits(text: string, source: string): SafetyLimits {
  const document = parseDocument(text);
  const [syntaxError] = document.errors;
  if (syntaxError !== undefined) {
    throw new InputError(`limits file ${source}: ${syntaxError.message.split('\n')[0]}`);
  }
  const value: unknown = document.toJS();
  const parsed = limitsFileSchema.safeParse(value);
  if (!parsed.success)
    throw new InputError(`limits file ${source}: ${explain(parsed.error.issues[0]!, value)}`, { fix });
  checkAgainstArm(parsed.data, source);
  return fromFile(parsed.data);
}

const fix = 'compare with the files that ship: packages/robot/limits';

/** A key that does not fit, as one clause: where, what was found, what was expected. */
function explain(issue: z.core.$ZodIssue, value: unknown): string {
  const key = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const name = key.replace(/^\./, '');
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0]!;
    const near = nearestName(unknown, knownKeys);
    return `${name === '' ? '' : `${name}.`}${unknown} is no key${near === undefined ? '' : `; did you mean ${near}?`}`;
  }
  const found = issue.path.reduce<unknown>((part, step) => {
    return typeof part === 'object' && part !== null ? Reflect.get(part, step) : undefined;
  }, value);
  if (name === '') return 'holds no mapping of keys';
  if (found === undefined) return `${name} is missing`;
  return `${name} is ${typeof found === 'number' ? found : JSON.stringify(found)}: ${issue.message}`;
}

const knownKeys = keysOf(limitsFileSchema);

function keysOf(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape).flatMap(([key, part]) =>
    part instanceof z.ZodObject ? [key, ...keysOf(part)] : [key],
  );
}

/** A file may be stricter than the arm, never looser. */
function checkAgainstArm({ arm: name, joints, workspace, tool_speed: speed }: LimitsFile, source: string): void {
  const { arm, jerk } = hardwareLimits[name];
  const refuse = (key: string, found: number, expected: string) =>
    new InputError(`limits file ${source}: ${key} is ${found}; expected ${expected} for ${name}`, { fix });
  for (const [joint, limit] of arm.limits.entries()) {
    const low = joints.position_min[joint]!;
    const high = joints.position_max[joint]!;
    if (low < limit.low) throw refuse(`joints.position_min[${joint}]`, low, `at least ${limit.low} rad`);
    if (high > limit.high) throw refuse(`joints.position_max[${joint}]`, high, `at most ${limit.high} rad`);
    if (low >= high) throw refuse(`joints.position_min[${joint}]`, low, `less than position_max, ${high} rad,`);
    const upper = [
      ['velocity', joints.velocity[joint]!, limit.velocity, 'rad/s'],
      ['acceleration', joints.acceleration[joint]!, limit.acceleration, 'rad/s^2'],
      ['jerk', joints.jerk[joint]!, jerk[joint]!, 'rad/s^3'],
    ] as const;
    for (const [key, found, most, unit] of upper) {
      if (found > most) throw refuse(`joints.${key}[${joint}]`, found, `at most ${most} ${unit}`);
    }
  }
  for (let axis = 0; axis < 3; axis++) {
    const low = workspace.min[axis]!;
    const high = workspace.max[axis]!;
    if (low >= high) throw refuse(`workspace.min[${axis}]`, low, `less than workspace.max, ${high} m,`);
  }
  const { translation, rotation } = arm.cartesianSpeed;
  if (speed.translation > translation) {
    throw refuse('tool_speed.translation', speed.translation, `at most ${translation} m/s`);
  }
  if (speed.rotation > rotation) throw refuse('tool_speed.rotation', speed.rotation, `at most ${rotation} rad/s`);
}

function fromFile(file: LimitsFile): SafetyLimits {
  return {
    arm: file.arm,
    joints: {
      positionMin: file.joints.position_min,
      positionMax: file.joints.position_max,
      velocity: file.joints.velocity,
      acceleration: file.joints.acceleration,
      jerk: file.joints.jerk,
    },
    workspace: file.workspace,
    minimumHeight: file.minimum_height,
    toolSpeed: file.tool_speed,
    contact: { force: file.contact.force, moment: file.contact.moment, jointTorque: file.contact.joint_torque },
    trackingError: file.tracking_error,
    watchdog: {
      observationAge: file.watchdog.observation_age,
      chunkDeadline: file.watchdog.chunk_deadline,
      deadManAge: file.watchdog.dead_man_age,
    },
  };
}
