import { readFile } from 'node:fs/promises';
import { InputError } from '@rapport/core';
import { parse } from 'yaml';
import * as z from 'zod';

const positive = z.number().positive();
const topicName = z.string().regex(/^\/[A-Za-z0-9_/]+$/, 'is no absolute topic name, such as /franka/joint_states');

/**
 * How a topic is sampled at a time t. `last`: the newest message at or before t. `nearest`: the one nearest to t, which may
 * come after it. `linear`: between the messages before and after t; of quaternions the shorter way, normalised.
 */
const rule = z.enum(['last', 'nearest', 'linear']);

const vectorSource = z.strictObject({
  topic: topicName,
  /** Paths to numbers: `position[fr3_joint1]` (by the names in the message), `pose.orientation.x`, `points[0].positions[2]`. */
  fields: z.array(z.string().min(1)).min(1),
  rule: rule.default('last'),
  /** Seconds that a message may lie away from t; beyond, the topic counts as silent. */
  maxAge: positive.default(0.2),
  /** Steps that the value is taken ahead of the step it belongs to: 1 makes an action of the state that follows it. */
  ahead: z.int().min(0).max(100).default(0),
});

const cameraSource = z.strictObject({
  topic: topicName,
  /** Name of the camera in the dataset. */
  name: z.string().regex(/^[A-Za-z0-9_-]+$/, 'is not made of letters, digits, "_" and "-"'),
  width: z.int().min(8).max(4096),
  height: z.int().min(8).max(4096),
  rule: z.enum(['last', 'nearest']).default('last'),
  maxAge: positive.default(0.2),
});

const episodes = z.discriminatedUnion('by', [
  /** The whole bag is one episode. */
  z.strictObject({ by: z.literal('bag') }),
  /** `std_msgs/msg/Bool`: true begins an episode, false ends it; `std_msgs/msg/String`: its task begins it, an empty text ends it. */
  z.strictObject({ by: z.literal('marker'), topic: topicName }),
  /** An episode ends where a topic is silent for longer. */
  z.strictObject({ by: z.literal('gap'), seconds: positive }),
]);

const mappingSchema = z.strictObject({
  /** Steps per second of the dataset. */
  fps: z.int().min(1).max(1000),
  task: z.string().min(1),
  envId: z.string().min(1).default('ros/recording'),
  robotType: z.string().min(1).default('franka'),
  episodes: episodes.default({ by: 'bag' }),
  /**
   * Which of a message's times counts. `header`: the sensor's, in the message; where there is none, the log time. `log`:
   * when the recorder took it. `publish`: when it was sent.
   */
  clock: z.enum(['header', 'log', 'publish']).default('header'),
  observation: z.array(vectorSource).min(1),
  action: z.array(vectorSource).min(1),
  cameras: z.array(cameraSource).default([]),
});

/** How the topics of a bag become the columns of a dataset, and back. */
export type BagMapping = z.output<typeof mappingSchema>;
export type VectorSource = BagMapping['observation'][number];
export type CameraSource = BagMapping['cameras'][number];
export type SampleRule = z.output<typeof rule>;
/** A mapping as it is written down: what has a default may be left out. */
export type BagMappingInput = z.input<typeof mappingSchema>;

/**
 * Checks a mapping and fills in its defaults.
 * @param where for messages
 * @throws InputError naming the key
 */
export function parseMapping(value: unknown, where: string): BagMapping {
  const result = mappingSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new InputError(`${where}: ${issue.path.join('.') || 'the mapping'}: ${issue.message}`, {
    fix: 'docs/bags.md describes the keys of a mapping',
    cause: result.error,
  });
}

/**
 * Reads a mapping from a YAML or JSON file.
 * @throws InputError when there is none, or it is wrong, naming file and key
 */
export async function readMapping(file: string): Promise<BagMapping> {
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new InputError(`the mapping ${file} ${missing ? 'does not exist' : 'is no YAML or JSON'}`, { cause });
  }
  return parseMapping(value, file);
}
