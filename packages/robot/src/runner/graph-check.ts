import { InputError, UnavailableError } from '@rapport/core';
import type { GraphView } from '../graph/graph-view.js';
import type { RosNode } from '../graph/node.js';
import { type QosProfile, qosConflict } from '../graph/qos.js';

/** A topic that a node cannot do without. */
export interface NeededTopic {
  /** May be relative. */
  readonly topic: string;
  readonly type: string;
  /** What it is for, as a clause: `the policy looks at it`. */
  readonly reason: string;
  readonly qos: QosProfile;
}

/** @throws InputError when the node's time is not the graph's, or more than one node tells it */
export function checkClock({ graph, usesSimTime }: RosNode): void {
  const clocks = graph.publishers('/clock');
  if (!usesSimTime && clocks.length > 0) {
    throw new InputError('/clock is published: this graph runs in simulated time, and this node in wall time', {
      fix: 'add --ros-args -p use_sim_time:=true',
    });
  }
  if (usesSimTime && clocks.length > 1) {
    throw new InputError(`${clocks.length} nodes publish /clock: ${clocks.map(({ node }) => node).join(', ')}`, {
      fix: 'end all but one, or give each graph its own ROS_DOMAIN_ID',
    });
  }
}

/**
 * Holds what a node listens to against what the graph offers.
 * @throws UnavailableError when nobody publishes a topic
 * @throws InputError when it has another type, or a quality of service with which nothing arrives
 */
export function checkPublishers(graph: GraphView, needed: readonly NeededTopic[]): void {
  for (const { topic, type, reason, qos } of needed) {
    const name = graph.resolve(topic);
    const publishers = graph.publishers(topic);
    if (publishers.length === 0) {
      throw new UnavailableError(`no node publishes ${name} (${type}): ${reason}`, {
        fix: `start it, or name the topic that it has: --ros-args -r ${topic}:=/its/topic`,
      });
    }
    const fitting = publishers.filter((publisher) => publisher.type === type);
    if (fitting.length === 0) {
      throw new InputError(`${name} is of type ${publishers[0]!.type}; expected ${type}: ${reason}`, {
        fix: `name the right topic: --ros-args -r ${topic}:=/its/topic`,
      });
    }
    const conflicts = fitting.map((publisher) => qosConflict(publisher.qos, qos));
    if (conflicts.every((conflict) => conflict !== undefined)) {
      throw new InputError(`${name}: nothing would arrive, ${conflicts[0]}`);
    }
  }
}

/**
 * Holds what the runner sends against who listens.
 * @throws UnavailableError when nobody does, InputError when a listener wants another type or quality of service
 */
export function checkListeners(graph: GraphView, { topic, type, reason, qos }: NeededTopic): void {
  const name = graph.resolve(topic);
  const listeners = graph.subscriptions(topic);
  if (listeners.length === 0) {
    throw new UnavailableError(`no node listens to ${name} (${type}): ${reason}`, {
      fix: 'activate the controller, or name its topic by remapping',
    });
  }
  for (const listener of listeners) {
    if (listener.type !== type)
      throw new InputError(`${name} is of type ${listener.type} at ${listener.node}; expected ${type}`);
    const conflict = qosConflict(qos, listener.qos);
    if (conflict !== undefined) throw new InputError(`${name}: nothing would reach ${listener.node}, ${conflict}`);
  }
}
