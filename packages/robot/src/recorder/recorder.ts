import { type StopSignal, UnavailableError } from '@rapport/core';
import { createBag } from '@rapport/data';
import type { RosNode } from '../graph/node.js';
import { waitUntil } from '../graph/wait.js';
import { defaultTopics } from './default-topics.js';
import { type Recorder, Session } from './session.js';
import { sourceOf } from './sources.js';

const DISCOVERY_MS = 5_000;
/** How often the graph is looked at for topics that have come since, ms. */
const LOOK_MS = 1_000;
/** The graph is discovered bit by bit; unchanged for this long, it is known, ms. */
const SETTLED_MS = 500;

export interface RecorderOptions {
  /** New folder of the bag. */
  readonly directory: string;
  /**
   * Topics that the recording cannot do without, absolute or relative to the node. When absent, those of `defaultTopics`,
   * with those that appear later.
   */
  readonly topics?: readonly string[];
  /** `std_msgs/msg/String`: a task begins an episode, an empty text ends it. Recorded where somebody publishes it. */
  readonly markerTopic: string;
  readonly signal?: StopSignal;
  /** Told when an episode has ended and is safe on disk. */
  readonly onEpisode?: (count: number) => void;
}

/**
 * Records topics as the bytes that they were sent as, without decoding them, to a rosbag2 bag. Each end of an episode ends a
 * file of the bag, which is whole from then on, so that a killed process loses the episode at hand and nothing before it.
 * Log time is the node's ROS time; publish time is the sender's wall clock, as the middleware tells it, also where ROS time is
 * simulated; sensor time is in the messages. Quality of service follows the publishers: reliable where all are.
 * Comes when every publisher is connected, so that no message from then on is missed.
 * @throws UnavailableError when nobody publishes a topic, InputError when its publishers disagree about the type; no bag
 * has been begun then
 */
export async function startRecorder(node: RosNode, options: RecorderOptions): Promise<Recorder> {
  const topics = await topicsToRecord(node, options);
  const sources = topics.map((topic) => sourceOf(node.graph, topic));
  const bag = await createBag(options.directory, { compression: 'none' });
  const session = new Session(node, bag, (count) => options.onEpisode?.(count));
  for (const source of sources) session.subscribe(source);
  session.watchMarker(options.markerTopic);
  const refused = new Set<string>();
  const look =
    options.topics === undefined ? setInterval(() => addNewTopics(node, session, refused), LOOK_MS) : undefined;
  await waitUntil(() => session.connected, DISCOVERY_MS, options.signal);
  return {
    get topics() {
      return session.topics;
    },
    stop() {
      clearInterval(look);
      return session.stop();
    },
  };
}

async function topicsToRecord(node: RosNode, { topics, signal }: RecorderOptions): Promise<readonly string[]> {
  if (topics !== undefined) {
    const missing = await node.graph.missingPublishers(topics, DISCOVERY_MS, signal);
    if (missing.length === 0) return topics;
    throw new UnavailableError(`no node publishes ${missing.join(', ')}`, {
      fix: 'start what publishes it, or leave the topic out: --topics',
    });
  }
  let found: string[] = [];
  let changedAt = performance.now();
  const settled = () => {
    const now = publishedDefaults(node);
    if (now.length !== found.length) changedAt = performance.now();
    found = now;
    return found.length > 0 && performance.now() - changedAt >= SETTLED_MS;
  };
  await waitUntil(settled, DISCOVERY_MS, signal);
  if (found.length > 0) return found;
  throw new UnavailableError(`no node publishes joint states, poses or pictures below ${node.namespace}`, {
    fix: 'start the robot or the simulator, or name what to record: --topics TOPIC',
  });
}

function publishedDefaults({ graph, namespace }: RosNode): string[] {
  const published = [...graph.topics()].filter(([topic]) => graph.publishers(topic).length > 0);
  return defaultTopics(new Map(published), namespace);
}

/** Takes in the topics that have appeared since. @param refused those that cannot be, which is said once */
function addNewTopics(node: RosNode, session: Session, refused: Set<string>): void {
  for (const topic of publishedDefaults(node)) {
    if (session.topics.includes(topic) || refused.has(topic)) continue;
    try {
      session.subscribe(sourceOf(node.graph, topic));
      node.info(`${topic} has appeared and is recorded too`);
    } catch (error) {
      refused.add(topic);
      node.warn(`${topic} is not recorded: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
