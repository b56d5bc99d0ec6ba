import { CorruptDataError } from '@rapport/core';
import { parse, stringify } from 'yaml';
import * as z from 'zod';

/** Values of rmw's enumerations by their numbers, in the words that rosbag2 writes from version 9 on. */
const words = {
  history: ['system_default', 'keep_last', 'keep_all', 'unknown'],
  reliability: ['system_default', 'reliable', 'best_effort', 'unknown', 'best_available'],
  durability: ['system_default', 'transient_local', 'volatile', 'unknown', 'best_available'],
  liveliness: ['system_default', 'automatic', 'manual_by_node', 'manual_by_topic', 'unknown', 'best_available'],
} as const;
type Policy = keyof typeof words;

/** Seconds and nanoseconds; both at their greatest: for ever. */
export interface QosDuration {
  readonly sec: number;
  readonly nsec: number;
}

/** Quality of service that a publisher of a topic offered, as a bag keeps it. */
export interface RecordedQos {
  readonly history: (typeof words)['history'][number];
  readonly depth: number;
  readonly reliability: (typeof words)['reliability'][number];
  readonly durability: (typeof words)['durability'][number];
  readonly deadline: QosDuration;
  readonly lifespan: QosDuration;
  readonly liveliness: (typeof words)['liveliness'][number];
  readonly livelinessLeaseDuration: QosDuration;
  readonly avoidRosNamespaceConventions: boolean;
}

/** rmw's duration without end: the most nanoseconds that 64 bits hold. */
const FOR_EVER: QosDuration = { sec: 9223372036, nsec: 854775807 };

/** ROS 2's default: reliable, volatile, the last ten messages. */
export const DEFAULT_RECORDED_QOS: RecordedQos = {
  history: 'keep_last',
  depth: 10,
  reliability: 'reliable',
  durability: 'volatile',
  deadline: FOR_EVER,
  lifespan: FOR_EVER,
  liveliness: 'automatic',
  livelinessLeaseDuration: FOR_EVER,
  avoidRosNamespaceConventions: false,
};

const durationSchema = z.object({ sec: z.number(), nsec: z.number() });
const profileSchema = z.object({
  history: policy('history'),
  depth: z.number(),
  reliability: policy('reliability'),
  durability: policy('durability'),
  deadline: durationSchema.default(FOR_EVER),
  lifespan: durationSchema.default(FOR_EVER),
  liveliness: policy('liveliness').default('system_default'),
  liveliness_lease_duration: durationSchema.default(FOR_EVER),
  avoid_ros_namespace_conventions: z.boolean().default(false),
});

/** A policy by its number, as rosbag2 wrote it until version 8, or by its word, as from version 9 on. */
function policy<P extends Policy>(name: P) {
  const known: readonly string[] = words[name];
  return z.union([z.number(), z.string()]).transform((value): (typeof words)[P][number] => {
    const word = typeof value === 'number' ? known[value] : value.toLowerCase();
    return known.includes(word ?? '') ? (word as (typeof words)[P][number]) : 'unknown';
  });
}

/**
 * Reads offered profiles in whichever way a bag has them: a YAML text or a sequence, numbers or words, or nothing.
 * @throws CorruptDataError saying which field is wrong
 */
export function parseQos(value: unknown): RecordedQos[] {
  if (value === undefined || value === null || value === '') return [];
  let profiles: unknown = value;
  if (typeof value === 'string') {
    try {
      profiles = parse(value) ?? [];
    } catch (cause) {
      throw new CorruptDataError('offered_qos_profiles is no YAML', { cause });
    }
  }
  const result = z.array(profileSchema).safeParse(profiles);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new CorruptDataError(`offered_qos_profiles ${issue.path.join('.')}: ${issue.message}`, {
      cause: result.error,
    });
  }
  return result.data.map((profile) => ({
    history: profile.history,
    depth: profile.depth,
    reliability: profile.reliability,
    durability: profile.durability,
    deadline: profile.deadline,
    lifespan: profile.lifespan,
    liveliness: profile.liveliness,
    livelinessLeaseDuration: profile.liveliness_lease_duration,
    avoidRosNamespaceConventions: profile.avoid_ros_namespace_conventions,
  }));
}

/** Profiles as records for YAML: with numbers until version 8 of the metadata, with words from 9 on. */
export function qosRecords(profiles: readonly RecordedQos[], version: number): object[] {
  const value = <P extends Policy>(name: P, word: string) =>
    version >= 9 ? word : (words[name] as readonly string[]).indexOf(word);
  return profiles.map((profile) => ({
    history: value('history', profile.history),
    depth: profile.depth,
    reliability: value('reliability', profile.reliability),
    durability: value('durability', profile.durability),
    deadline: profile.deadline,
    lifespan: profile.lifespan,
    liveliness: value('liveliness', profile.liveliness),
    liveliness_lease_duration: profile.livelinessLeaseDuration,
    avoid_ros_namespace_conventions: profile.avoidRosNamespaceConventions,
  }));
}

/** Profiles as the text that an MCAP channel has in its metadata. */
export function qosText(profiles: readonly RecordedQos[], version: number): string {
  return profiles.length === 0 ? '' : stringify(qosRecords(profiles, version)).trimEnd();
}
