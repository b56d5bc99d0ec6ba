import { InputError } from '@rapport/core';
import { messageCodec } from '../graph/codec.js';
import type { Endpoint, GraphView } from '../graph/graph-view.js';
import type { QosProfile } from '../graph/qos.js';

/** Messages that the middleware keeps for a subscription while this process is busy. */
export const RECORDED_DEPTH = 200;

/** A topic that is recorded, and how to subscribe to it. */
export interface Source {
  readonly topic: string;
  readonly type: string;
  readonly typeHash: string;
  readonly qos: QosProfile;
}

/**
 * What to subscribe to a topic with: no more than every publisher offers, so that all of them are heard.
 * @throws InputError when its publishers disagree about the type, or that is not installed
 */
export function sourceOf(graph: GraphView, topic: string): Source {
  const name = graph.resolve(topic);
  const publishers = graph.publishers(topic);
  const type = publishers[0]!.type;
  const other = publishers.find((publisher) => publisher.type !== type);
  if (other !== undefined) {
    throw new InputError(`${name} is ${type} at ${publishers[0]!.node} and ${other.type} at ${other.node}`, {
      fix: 'end one of them, or give it another topic',
    });
  }
  messageCodec(type); // throws when the type is not installed
  return { topic: name, type, typeHash: publishers[0]!.typeHash ?? '', qos: commonQos(publishers) };
}

function commonQos(publishers: readonly Endpoint[]): QosProfile {
  const all = (test: (qos: QosProfile) => boolean) => publishers.every(({ qos }) => test(qos));
  return {
    reliability: all(({ reliability }) => reliability === 'reliable') ? 'reliable' : 'best_effort',
    durability: all(({ durability }) => durability === 'transient_local') ? 'transient_local' : 'volatile',
    depth: RECORDED_DEPTH,
  };
}
