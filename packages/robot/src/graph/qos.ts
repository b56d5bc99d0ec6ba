import type { Native, NativeQos } from './native.js';

/** Quality of service of one end of a topic. */
export interface QosProfile {
  readonly reliability: 'reliable' | 'best_effort';
  readonly durability: 'volatile' | 'transient_local';
  /** Messages that are kept for the other end. */
  readonly depth: number;
}

/** ROS 2's profiles by their usual names. */
export const qosProfiles = {
  /** rmw_qos_profile_default. */
  default: { reliability: 'reliable', durability: 'volatile', depth: 10 },
  /** rmw_qos_profile_sensor_data. */
  sensorData: { reliability: 'best_effort', durability: 'volatile', depth: 5 },
  /** SystemDefaultsQoS with Fast DDS: reliable, the last message. */
  systemDefault: { reliability: 'reliable', durability: 'volatile', depth: 1 },
  /** Only the newest message counts; matches every publisher. */
  newest: { reliability: 'best_effort', durability: 'volatile', depth: 1 },
  /** The last message is there for who comes late, as on /tf_static. */
  latched: { reliability: 'reliable', durability: 'transient_local', depth: 1 },
} as const satisfies Record<string, QosProfile>;

/** Policies by the numbers of rmw_qos_policy_kind_t, as events of incompatible ends name them. */
const policyNames: Readonly<Record<number, string>> = {
  2: 'durability',
  4: 'deadline',
  8: 'liveliness',
  16: 'reliability',
  32: 'history',
  64: 'lifespan',
};

export function policyName(kind: number | undefined): string {
  return policyNames[kind ?? 0] ?? 'quality of service';
}

export function toNativeQos({ rclnodejs }: Native, { reliability, durability, depth }: QosProfile): NativeQos {
  const keepLast = 1;
  return new rclnodejs.QoS(
    keepLast,
    depth,
    reliability === 'reliable' ? 1 : 2,
    durability === 'transient_local' ? 1 : 2,
  );
}

/** What discovery tells of another node's end; it does not tell the depth, which is 0 then. */
export function fromNativeQos({ reliability, durability, depth }: NativeQos): QosProfile {
  return {
    reliability: reliability === 2 ? 'best_effort' : 'reliable',
    durability: durability === 1 ? 'transient_local' : 'volatile',
    depth,
  };
}

/**
 * Why messages of a publisher would not reach a subscription, or undefined when they would: an end cannot ask for more
 * than the other one offers (DDS 1.4, section 2.2.3).
 */
export function qosConflict(offered: QosProfile, requested: QosProfile): string | undefined {
  if (requested.reliability === 'reliable' && offered.reliability === 'best_effort') {
    return 'the publisher is best effort and the subscription asks for reliable';
  }
  if (requested.durability === 'transient_local' && offered.durability === 'volatile') {
    return 'the publisher is volatile and the subscription asks for transient local';
  }
  return undefined;
}
