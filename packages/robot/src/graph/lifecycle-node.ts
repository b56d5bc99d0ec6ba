import { joinGraph } from './membership.js';
import type { Native, NativeLifecycleNode } from './native.js';
import { type NodeOptions, RosNode } from './node.js';

/** The transitions of a lifecycle node. Each handler runs to its end at once; an error in it fails the transition. */
export interface LifecycleHandlers {
  readonly configure?: () => void;
  readonly activate?: () => void;
  readonly deactivate?: () => void;
  readonly cleanup?: () => void;
  readonly shutdown?: () => void;
}

export type LifecycleState = 'unconfigured' | 'inactive' | 'active' | 'finalized';

/** What acts on a graph that it has looked at before. */
export interface ActivePart {
  /** @throws what keeps it from acting */
  checkGraph(): void;
  activate(): void;
  deactivate(): void;
}

/** @param part what acts; made after its node, and therefore undefined at first */
export function handlersOf(part: () => ActivePart | undefined): LifecycleHandlers {
  return {
    configure: () => part()?.checkGraph(),
    activate: () => part()?.activate(),
    deactivate: () => part()?.deactivate(),
    shutdown: () => part()?.deactivate(),
  };
}

/** Opens a lifecycle node, in the state `unconfigured`. See `openNode`. */
export async function openLifecycleNode(
  options: NodeOptions,
  handlers: (node: RosNode) => LifecycleHandlers,
): Promise<LifecycleRosNode> {
  return joinGraph(options.arguments, (native) => {
    const node = native.rclnodejs.createLifecycleNode(options.name, options.namespace ?? '');
    return new LifecycleRosNode(native, node, handlers);
  });
}

/** A node whose transitions other nodes may ask for. */
export class LifecycleRosNode extends RosNode {
  readonly #node: NativeLifecycleNode;

  constructor(native: Native, node: NativeLifecycleNode, handlers: (node: RosNode) => LifecycleHandlers) {
    super(native, node);
    this.#node = node;
    const { SUCCESS, FAILURE } = native.rclnodejs.lifecycle.CallbackReturnCode;
    const { configure, activate, deactivate, cleanup, shutdown } = handlers(this);
    const guarded = (name: string, handler: (() => void) | undefined) => () => {
      try {
        handler?.();
        return SUCCESS;
      } catch (error) {
        this.error(`cannot ${name}: ${error instanceof Error ? error.message : String(error)}`);
        return FAILURE;
      }
    };
    node.registerOnConfigure(guarded('configure', configure));
    node.registerOnActivate(guarded('activate', activate));
    node.registerOnDeactivate(guarded('deactivate', deactivate));
    node.registerOnCleanup(guarded('clean up', cleanup));
    node.registerOnShutdown(guarded('shut down', shutdown));
  }

  get state(): LifecycleState {
    return this.#node.currentState.label as LifecycleState;
  }

  /** @returns the state after the transition, the old one when the handler failed */
  transition(to: 'configure' | 'activate' | 'deactivate' | 'cleanup' | 'shutdown'): LifecycleState {
    this.#node[to]();
    return this.state;
  }
}
