import { CorruptDataError } from '@rapport/core';
import { ActionClient, type ActionHandler, finishGoal, ServerGoal } from './actions.js';
import { type MessageCodec, messageCodec } from './codec.js';
import { GraphView } from './graph-view.js';
import { joinGraph, leaveGraph } from './membership.js';
import type { Native, NativeNode } from './native.js';
import { withOwnArrays } from './own-arrays.js';
import { type ParameterDefinitions, Parameters, type ParameterValues } from './parameters.js';
import { policyName, type QosProfile, toNativeQos } from './qos.js';
import { ServiceClient } from './services.js';
import { Publisher, Subscription, type TopicEvents } from './topics.js';

/** How long the thread that waits for the middleware holds its lock, ms; making an entity waits that long. */
const SPIN_MS = 10;

export interface NodeOptions {
  readonly name: string;
  /** For example `/left`; `__ns` among the arguments overrides it. */
  readonly namespace?: string;
  /** As after `ros2 run package executable`: `['--ros-args', '-r', 'a:=b', '-p', 'k:=v', '--params-file', 'f.yaml']`. */
  readonly arguments?: readonly string[];
}

/** Told when ROS time jumps, or its source changes. */
export interface ClockJump {
  /** Nanoseconds; negative when time went back. */
  readonly delta: bigint;
}

/**
 * Opens a node; messages come in from now on. Names of topics and services may be relative (`joint_states`), absolute or
 * private (`~/reset`); namespace and remapping apply to them.
 *
 * An error that a callback throws is logged through the node and goes no further: it would end the process otherwise.
 * @throws UnavailableError when ROS 2 has not been set up, see `loadNative`
 */
export async function openNode(options: NodeOptions): Promise<RosNode> {
  return joinGraph(options.arguments, (native) => {
    const node = native.rclnodejs.createNode(options.name, options.namespace ?? '');
    return new RosNode(native, node);
  });
}

/** A node of the ROS 2 graph, with everything that belongs to it. */
export class RosNode {
  /** What other nodes offer and use. */
  readonly graph: GraphView;
  /** With its namespace, for example `/left/simulator`. */
  readonly name: string;
  /** For example `/left`; `/` at the root. */
  readonly namespace: string;
  readonly #native: Native;
  readonly #node: NativeNode;
  readonly #jumpCallbacks: object[] = [];
  #closed = false;

  constructor(native: Native, node: NativeNode) {
    this.name = node.getFullyQualifiedName();
    this.namespace = node.namespace();
    this.#native = native;
    this.#node = node;
    this.graph = new GraphView(node);
    node.spin(SPIN_MS);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The node's ROS time, nanoseconds: that of /clock with `use_sim_time`, else the system's. */
  now(): bigint {
    return this.#node.now().nanoseconds;
  }

  /** Whether the node's time is that of /clock. */
  get usesSimTime(): boolean {
    return this.#node.getParameter('use_sim_time').value === true;
  }

  /**
   * Tells when ROS time goes back, or forward by a second or more at once.
   * @param onJump called after the jump
   */
  watchClock(onJump: (jump: ClockJump) => void): void {
    const forward = 1_000_000_000n;
    const backward = -1n;
    const callback = {
      _pre_callback: () => {},
      _post_callback: (jump: { readonly delta: bigint }) => {
        this.#safely('the clock', () => onJump({ delta: BigInt(jump.delta) }));
      },
    };
    this.#node.getClock().addClockCallback(callback, true, forward, backward);
    this.#jumpCallbacks.push(callback);
  }

  info(text: string): void {
    this.#node.getLogger().info(text);
  }

  warn(text: string): void {
    this.#node.getLogger().warn(text);
  }

  error(text: string): void {
    this.#node.getLogger().error(text);
  }

  /** @throws InputError when the type is not installed */
  publisher<T extends object>(type: string, topic: string, qos: QosProfile, events: TopicEvents = {}): Publisher<T> {
    const codec = messageCodec<T>(type);
    const name = this.#node.resolveTopicName(topic);
    const native = this.#node.createPublisher(
      type,
      topic,
      { qos: toNativeQos(this.#native, qos) },
      this.#events(new this.#native.PublisherEvents(), name, events),
    );
    // rclnodejs does this for everything but the events of publishers.
    this.#node.syncHandles();
    return new Publisher<T>(native, codec, name);
  }

  /**
   * Takes messages as plain objects, see `MessageCodec`.
   * @param onMessage arrays of the message may be used after the call
   * @throws InputError when the type is not installed
   */
  subscribe<T extends object>(
    type: string,
    topic: string,
    qos: QosProfile,
    onMessage: (message: T) => void,
    events: TopicEvents = {},
  ): Subscription {
    const codec: MessageCodec<T> = messageCodec<T>(type);
    return this.subscribeRaw(type, topic, qos, (bytes) => onMessage(codec.decode(Buffer.from(bytes))), events);
  }

  /**
   * Takes messages as the bytes that they were sent as (CDR).
   * @param onBytes gets bytes that the next message overwrites: what is kept must be copied, and so must arrays of a message
   *   that is decoded from them. It is told when the message was sent, too: nanoseconds by the sender's wall clock, 0 where the
   *   middleware does not tell it
   * @throws InputError when the type is not installed
   */
  subscribeRaw(
    type: string,
    topic: string,
    qos: QosProfile,
    onBytes: (bytes: Buffer, sentAt: bigint) => void,
    events: TopicEvents = {},
  ): Subscription {
    messageCodec(type);
    const name = this.#node.resolveTopicName(topic);
    const native = this.#node.createSubscription(
      type,
      topic,
      { qos: toNativeQos(this.#native, qos), isRaw: true },
      (bytes) => this.#safely(name, () => onBytes(bytes, this.#native.sentAt())),
      this.#events(new this.#native.SubscriptionEvents(), name, events),
    );
    return new Subscription(native, type, name, () => this.#node.destroySubscription(native));
  }

  client<Request extends object, Response extends object>(
    type: string,
    name: string,
  ): ServiceClient<Request, Response> {
    return new ServiceClient(this.#node.createClient(type, name), type, this.#node.resolveServiceName(name));
  }

  /**
   * Offers a service. When the handler fails, the error is logged and the client gets no answer.
   * @returns the full name of the service
   */
  serve<Request extends object, Response extends object>(
    type: string,
    name: string,
    answer: (request: Request) => Response | Promise<Response>,
  ): string {
    const service = this.#node.createService(type, name, async (request, response) => {
      try {
        response.send(withOwnArrays(await answer(request as Request)));
      } catch (error) {
        this.#report(`service ${name}`, error);
      }
    });
    return service.serviceName;
  }

  actionClient<Goal extends object, Result extends object, Feedback extends object>(
    type: string,
    name: string,
  ): ActionClient<Goal, Result, Feedback> {
    const full = this.#node.resolveServiceName(name);
    return new ActionClient(new this.#native.rclnodejs.ActionClient(this.#node, type, name), type, full);
  }

  /** Offers an action; clients may always ask to cancel. */
  serveAction<Goal extends object, Result extends object, Feedback extends object>(
    type: string,
    name: string,
    { accepts, execute }: ActionHandler<Goal, Result, Feedback>,
  ): void {
    const accept = 2;
    const reject = 1;
    new this.#native.rclnodejs.ActionServer(
      this.#node,
      type,
      name,
      async (handle) => {
        try {
          const { status, result } = await execute(new ServerGoal<Goal, Feedback>(handle));
          finishGoal(handle, status);
          return withOwnArrays(result);
        } catch (error) {
          this.#report(`action ${name}`, error);
          finishGoal(handle, 'aborted');
          return {};
        }
      },
      (goal) => {
        try {
          return accepts?.(goal as Goal) === false ? reject : accept;
        } catch (error) {
          this.#report(`action ${name}`, error);
          return reject;
        }
      },
      (handle) => handle.execute(),
      () => accept,
    );
  }

  /** Declares parameters, see `Parameters`. */
  parameters<D extends ParameterDefinitions>(
    definitions: D,
    onChange: (values: ParameterValues<D>, changed: readonly string[]) => void = () => {},
  ): Parameters<D> {
    return new Parameters(this.#native, this.#node, definitions, (values, changed) =>
      this.#safely('parameters', () => onChange(values, changed)),
    );
  }

  /** Leaves the graph; with the last node of the process, the process leaves it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // One that is left would keep the process alive.
    for (const callback of this.#jumpCallbacks) this.#node.getClock().removeClockCallback(callback);
    leaveGraph(this.#native, this.#node);
  }

  #events<E extends { incompatibleQos: unknown; messageLost: unknown }>(
    target: E,
    topic: string,
    events: TopicEvents,
  ): E {
    return Object.assign(target, {
      incompatibleQos: (data: { last_policy_kind?: number }) => {
        const policy = policyName(data.last_policy_kind);
        this.#safely(topic, () => {
          if (events.onIncompatibleQos !== undefined) events.onIncompatibleQos(policy);
          else this.warn(`${topic}: another node's end does not fit, no message passes; the policy is ${policy}`);
        });
      },
      messageLost: (data: { total_count_change: number }) => {
        this.#safely(topic, () => events.onLost?.(data.total_count_change));
      },
    });
  }

  #safely(where: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#report(where, error);
    }
  }

  #report(where: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.error(`${where}: ${error instanceof CorruptDataError ? 'wrong message: ' : ''}${text}`);
  }
}
