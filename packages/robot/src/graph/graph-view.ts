import type { StopSignal } from '@rapport/core';
import type { NativeEndpoint, NativeNode } from './native.js';
import { fromNativeQos, type QosProfile } from './qos.js';
import { waitUntil } from './wait.js';

/** One node's end of a topic. */
export interface Endpoint {
  /** Full name of the node. */
  readonly node: string;
  readonly type: string;
  /** Hash of the type's description as ROS 2 writes it, `RIHS01_` and 64 digits; undefined where the distribution has none. */
  readonly typeHash: string | undefined;
  readonly qos: QosProfile;
}

/** What has been discovered of the graph so far; it takes a moment after a node has opened. */
export class GraphView {
  readonly #node: NativeNode;

  constructor(node: NativeNode) {
    this.#node = node;
  }

  /** Full names of all nodes. */
  nodes(): string[] {
    return this.#node.getNodeNamesAndNamespaces().map(({ name, namespace }) => fullName(namespace, name));
  }

  /** Types by topic. */
  topics(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.#node.getTopicNamesAndTypes().map(({ name, types }) => [name, types]));
  }

  /** Types by service. */
  services(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.#node.getServiceNamesAndTypes().map(({ name, types }) => [name, types]));
  }

  /** @param topic may be relative to the node */
  publishers(topic: string): Endpoint[] {
    return this.#node.getPublishersInfoByTopic(this.resolve(topic), false).map(toEndpoint);
  }

  subscriptions(topic: string): Endpoint[] {
    return this.#node.getSubscriptionsInfoByTopic(this.resolve(topic), false).map(toEndpoint);
  }

  /** The full name of a topic, after namespace and remapping. */
  resolve(topic: string): string {
    return this.#node.resolveTopicName(topic);
  }

  /**
   * Waits for publishers of topics.
   * @returns the topics that none has been found of in time
   * @throws InterruptedError when the signal fires
   */
  async missingPublishers(topics: readonly string[], timeoutMs: number, signal?: StopSignal): Promise<string[]> {
    const missing = () => topics.filter((topic) => this.publishers(topic).length === 0);
    await waitUntil(() => missing().length === 0, timeoutMs, signal);
    return missing().map((topic) => this.resolve(topic));
  }
}

function toEndpoint({ node_name, node_namespace, topic_type, topic_type_hash, qos_profile }: NativeEndpoint): Endpoint {
  return {
    node: fullName(node_namespace, node_name),
    type: topic_type,
    typeHash:
      topic_type_hash?.version === 1 ? `RIHS01_${Buffer.from(topic_type_hash.value).toString('hex')}` : undefined,
    qos: fromNativeQos(qos_profile),
  };
}

function fullName(namespace: string, name: string): string {
  return namespace === '/' ? `/${name}` : `${namespace}/${name}`;
}
