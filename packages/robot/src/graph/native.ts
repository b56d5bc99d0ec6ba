import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UnavailableError } from '@rapport/core';
import { inRosEnvironment } from '../setup/environment.js';
import { requireRos } from '../setup/installation.js';
import { layout } from '../setup/layout.js';

// The part of rclnodejs 2.2.0 that this package uses, as it behaves, which its own declarations get wrong in places. It is
// installed by `prepareRos`, not as a dependency, so that everything else builds and runs without it.

export type PlainMessage = Readonly<Record<string, unknown>>;

export interface NativeQos {
  readonly history: number;
  readonly depth: number;
  readonly reliability: number;
  readonly durability: number;
}

export interface NativePublisher {
  readonly subscriptionCount: number;
  publish(message: Buffer): void;
  waitForAllAcked(timeoutNs: bigint): boolean;
}

export interface NativeSubscription {
  readonly publisherCount: number;
}

export interface NativeClient {
  isServiceServerAvailable(): boolean;
  sendRequestAsync(request: PlainMessage, options: { timeout?: number; signal?: AbortSignal }): Promise<PlainMessage>;
}

export interface NativeService {
  readonly serviceName: string;
}

interface NativeResponse {
  send(response: PlainMessage): void;
}

interface NativeTime {
  readonly nanoseconds: bigint;
}

interface NativeClock {
  now(): NativeTime;
  addClockCallback(callback: object, onClockChange: boolean, minForward: bigint, minBackward: bigint): void;
  removeClockCallback(callback: object): void;
}

interface NativeLogger {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export interface NativeParameter {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface NativeEndpoint {
  readonly node_name: string;
  readonly node_namespace: string;
  readonly topic_type: string;
  /** Since Jazzy. */
  readonly topic_type_hash?: { readonly version: number; readonly value: Uint8Array };
  readonly qos_profile: NativeQos;
}

type EventHandler = (data: { readonly total_count_change: number; readonly last_policy_kind?: number }) => void;

interface NativeEvents {
  incompatibleQos: EventHandler;
  messageLost: EventHandler;
}

export interface NativeNode {
  name(): string;
  namespace(): string;
  getFullyQualifiedName(): string;
  getLogger(): NativeLogger;
  getClock(): NativeClock;
  now(): NativeTime;
  spin(timeoutMs: number): void;
  /** Makes the thread that waits look at entities that were added since it began to. */
  syncHandles(): void;
  destroy(): void;
  createPublisher(type: string, topic: string, options: { qos: NativeQos }, events?: NativeEvents): NativePublisher;
  createSubscription(
    type: string,
    topic: string,
    options: { qos: NativeQos; isRaw: true },
    callback: (bytes: Buffer) => void,
    events?: NativeEvents,
  ): NativeSubscription;
  createClient(type: string, name: string): NativeClient;
  createService(
    type: string,
    name: string,
    callback: (request: PlainMessage, response: NativeResponse) => Promise<void>,
  ): NativeService;
  destroyPublisher(publisher: NativePublisher): void;
  destroySubscription(subscription: NativeSubscription): void;
  declareParameter(parameter: NativeParameter, descriptor?: object): NativeParameter;
  getParameter(name: string): NativeParameter;
  setParameter(parameter: NativeParameter): { readonly successful: boolean; readonly reason: string };
  addOnSetParametersCallback(
    callback: (parameters: readonly NativeParameter[]) => { successful: boolean; reason: string },
  ): void;
  addPostSetParametersCallback(callback: (parameters: readonly NativeParameter[]) => void): void;
  getTopicNamesAndTypes(): readonly { readonly name: string; readonly types: readonly string[] }[];
  getServiceNamesAndTypes(): readonly { readonly name: string; readonly types: readonly string[] }[];
  getNodeNamesAndNamespaces(): readonly { readonly name: string; readonly namespace: string }[];
  getPublishersInfoByTopic(topic: string, noDemangle: boolean): readonly NativeEndpoint[];
  getSubscriptionsInfoByTopic(topic: string, noDemangle: boolean): readonly NativeEndpoint[];
  resolveTopicName(name: string): string;
  resolveServiceName(name: string): string;
}

export interface NativeLifecycleNode extends NativeNode {
  readonly currentState: { readonly id: number; readonly label: string };
  registerOnConfigure(callback: () => number): void;
  registerOnActivate(callback: () => number): void;
  registerOnDeactivate(callback: () => number): void;
  registerOnCleanup(callback: () => number): void;
  registerOnShutdown(callback: () => number): void;
  registerOnError(callback: () => number): void;
  configure(): void;
  activate(): void;
  deactivate(): void;
  cleanup(): void;
  shutdown(): void;
}

export interface NativeGoalHandle {
  /** Not the goal itself: its wrapper. */
  readonly request: { toPlainObject(typedArrays: boolean): PlainMessage };
  readonly isActive: boolean;
  readonly isCancelRequested: boolean;
  execute(): void;
  publishFeedback(feedback: PlainMessage): void;
  succeed(): void;
  abort(): void;
  canceled(): void;
}

interface NativeActionServer {
  destroy(): void;
}

export interface NativeClientGoal {
  isAccepted(): boolean;
  readonly status: number;
  cancelGoal(): Promise<{ readonly goals_canceling: ArrayLike<unknown> }>;
  getResult(): Promise<PlainMessage>;
}

export interface NativeActionClient {
  isActionServerAvailable(): boolean;
  sendGoal(goal: PlainMessage, feedback: (feedback: PlainMessage) => void): Promise<NativeClientGoal>;
  destroy(): void;
}

export interface Rclnodejs {
  init(context: undefined, argv: readonly string[]): Promise<void>;
  isShutdown(): boolean;
  shutdown(): void;
  removeSignalHandlers(): void;
  createNode(name: string, namespace?: string): NativeNode;
  createLifecycleNode(name: string, namespace?: string): NativeLifecycleNode;
  readonly QoS: new (history: number, depth: number, reliability: number, durability: number) => NativeQos;
  readonly ActionServer: new (
    node: NativeNode,
    type: string,
    name: string,
    execute: (goal: NativeGoalHandle) => Promise<PlainMessage>,
    accept: (goal: PlainMessage) => number,
    accepted: (goal: NativeGoalHandle) => void,
    cancel: (goal: NativeGoalHandle) => number,
  ) => NativeActionServer;
  readonly ActionClient: new (node: NativeNode, type: string, name: string) => NativeActionClient;
  readonly Parameter: new (name: string, type: number, value: unknown) => NativeParameter;
  readonly ParameterDescriptor: new (
    name: string,
    type: number,
    description: string,
    readOnly: boolean,
    range?: object,
  ) => object;
  readonly FloatingPointRange: new (low: number, high: number, step: number) => object;
  readonly IntegerRange: new (low: bigint, high: bigint, step: bigint) => object;
  readonly lifecycle: {
    readonly CallbackReturnCode: { readonly SUCCESS: number; readonly FAILURE: number; readonly ERROR: number };
    readonly LifecycleNode: { readonly prototype: LifecycleInternals };
  };
}

/** What an answer to a remote request for a transition goes through; see `answerInvalidTransitions`. */
interface LifecycleInternals {
  _onChangeState(request: unknown, response: NativeResponse & { readonly template: Record<string, unknown> }): void;
}

export interface Native {
  readonly rclnodejs: Rclnodejs;
  /** When the message was sent that a subscription was given last, nanoseconds by the sender's wall clock; 0: unknown. */
  sentAt(): bigint;
  readonly PublisherEvents: new () => NativeEvents;
  readonly SubscriptionEvents: new () => NativeEvents;
}

let loaded: Promise<Native> | undefined;

/**
 * Loads rclnodejs, once per process.
 * @throws UnavailableError when ROS 2 has not been set up, or this process was started without its environment
 */
export function loadNative(): Promise<Native> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Native> {
  requireRos();
  if (!inRosEnvironment()) {
    throw new UnavailableError('this process was started without the environment of ROS 2', {
      fix: 'start it through `rapport ros ...`, or with the environment that `rosEnvironment` gives',
    });
  }
  // By file, because classes of events are not exported by name and exist once per way of importing them.
  const file = (path: string) => pathToFileURL(join(layout.rclnodejs, path)).href;
  const [main, bindings, events] = await Promise.all([
    import(/* @vite-ignore */ file('index.js')) as Promise<{ default: Rclnodejs }>,
    import(/* @vite-ignore */ file('lib/native_loader.js')) as Promise<{ default: Bindings }>,
    import(/* @vite-ignore */ file('lib/event_handler.js')) as Promise<{
      PublisherEventCallbacks: new () => NativeEvents;
      SubscriptionEventCallbacks: new () => NativeEvents;
    }>,
  ]);
  answerInvalidTransitions(main.default);
  // It leaves the graph at once on SIGINT, under the hands of nodes that have an arm to bring to rest first.
  main.default.removeSignalHandlers();
  return {
    rclnodejs: main.default,
    sentAt: takeThroughAddon(bindings.default),
    PublisherEvents: events.PublisherEventCallbacks,
    SubscriptionEvents: events.SubscriptionEventCallbacks,
  };
}

/** Functions of the binary that rclnodejs calls. */
interface Bindings {
  /** Takes a message as bytes; undefined where there is none. */
  rclTakeRaw(subscription: object): Buffer | undefined;
}

/** The addon of `ros/take-message.cpp`. */
interface TakeMessageAddon {
  /** @returns how many bytes of `lent` the message fills, or the message when it does not fit; undefined: there is none */
  takeMessage(subscription: object, lent: Uint8Array, sentAt: BigInt64Array): number | Buffer | undefined;
}

/**
 * Has rclnodejs take messages through our addon, into memory that the next message overwrites.
 * @returns when the last one was sent
 */
function takeThroughAddon(bindings: Bindings): () => bigint {
  const { takeMessage } = createRequire(import.meta.url)(layout.takeMessage) as TakeMessageAddon;
  const sentAt = new BigInt64Array(1);
  let lent = Buffer.alloc(65_536);
  bindings.rclTakeRaw = (subscription) => {
    const taken = takeMessage(subscription, lent, sentAt);
    if (typeof taken === 'number') return lent.subarray(0, taken);
    if (taken !== undefined) lent = Buffer.alloc(2 * taken.length);
    return taken;
  };
  return () => sentAt[0]!;
}

/** A transition that the present state does not allow would end the process when a remote node asks for it. */
function answerInvalidTransitions({ lifecycle }: Rclnodejs): void {
  const internals = lifecycle.LifecycleNode.prototype;
  const change = internals._onChangeState;
  internals._onChangeState = function answer(request, response) {
    try {
      change.call(this, request, response);
    } catch {
      response.send({ ...response.template, success: false });
    }
  };
}
