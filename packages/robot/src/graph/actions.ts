import { type StopSignal, UnavailableError } from '@rapport/core';
import type { NativeActionClient, NativeClientGoal, NativeGoalHandle } from './native.js';
import { withOwnArrays } from './own-arrays.js';
import { waitUntil } from './wait.js';

/** How an action ended, after action_msgs/msg/GoalStatus. */
export type GoalStatus = 'succeeded' | 'canceled' | 'aborted';

/** What a server returns when it has done with a goal. */
export interface GoalOutcome<Result extends object> {
  readonly status: GoalStatus;
  readonly result: Result;
}

/** A goal that a server works on. */
export class ServerGoal<Goal extends object, Feedback extends object> {
  readonly goal: Goal;
  readonly #native: NativeGoalHandle;

  constructor(native: NativeGoalHandle) {
    this.#native = native;
    // The wrapper that rclnodejs hands over is not the goal that its types promise.
    this.goal = native.request.toPlainObject(true) as Goal;
  }

  /** Whether the client has asked to stop; the server then ends with the status `canceled`. */
  get cancelRequested(): boolean {
    return this.#native.isCancelRequested;
  }

  publishFeedback(feedback: Feedback): void {
    this.#native.publishFeedback(withOwnArrays(feedback));
  }
}

/** What an action server does. */
export interface ActionHandler<Goal extends object, Result extends object, Feedback extends object> {
  /** Whether to take a goal on; without it every goal is. */
  readonly accepts?: (goal: Goal) => boolean;
  /** Works on a goal to its end; an error in it ends the goal as aborted, with an empty result. */
  readonly execute: (goal: ServerGoal<Goal, Feedback>) => Promise<GoalOutcome<Result>>;
}

/** Brings a goal to the end that its server has found. */
export function finishGoal(native: NativeGoalHandle, status: GoalStatus): void {
  if (!native.isActive) return;
  if (status === 'succeeded') native.succeed();
  // Only a goal whose client asked for it can end as canceled.
  else if (status === 'canceled' && native.isCancelRequested) native.canceled();
  else native.abort();
}

/** action_msgs/msg/GoalStatus. */
const statuses: Readonly<Record<number, GoalStatus>> = { 4: 'succeeded', 5: 'canceled', 6: 'aborted' };

/** A goal that a client has sent and a server has accepted. */
export class ClientGoal<Result extends object> {
  /** The end of the goal. It may come minutes later, or never when the server dies. */
  readonly outcome: Promise<GoalOutcome<Result>>;
  readonly #native: NativeClientGoal;

  constructor(native: NativeClientGoal) {
    this.#native = native;
    this.outcome = native.getResult().then((result) => ({
      status: statuses[native.status] ?? 'aborted',
      result: result as Result,
    }));
  }

  /** Asks the server to stop. @returns whether it agrees */
  async cancel(): Promise<boolean> {
    return (await this.#native.cancelGoal()).goals_canceling.length > 0;
  }
}

/** Sends goals to an action server. */
export class ActionClient<Goal extends object, Result extends object, Feedback extends object> {
  readonly type: string;
  readonly name: string;
  readonly #native: NativeActionClient;

  constructor(native: NativeActionClient, type: string, name: string) {
    this.type = type;
    this.name = name;
    this.#native = native;
  }

  get available(): boolean {
    return this.#native.isActionServerAvailable();
  }

  /**
   * @param goal missing fields are zero or the type's default
   * @returns undefined when the server refuses the goal
   * @throws UnavailableError when no node offers the action within the time
   * @throws InterruptedError when the signal fires
   */
  async send(
    goal: Goal,
    options: { onFeedback?: (feedback: Feedback) => void; timeoutMs?: number; signal?: StopSignal } = {},
  ): Promise<ClientGoal<Result> | undefined> {
    const { onFeedback, timeoutMs = 5000, signal } = options;
    if (!(await waitUntil(() => this.available, timeoutMs, signal))) {
      throw new UnavailableError(`no node offers the action ${this.name} (${this.type})`, {
        fix: 'start the node, and check namespace and remapping',
      });
    }
    const handle = await this.#native.sendGoal(withOwnArrays(goal), (feedback) => onFeedback?.(feedback as Feedback));
    return handle.isAccepted() ? new ClientGoal<Result>(handle) : undefined;
  }

  close(): void {
    this.#native.destroy();
  }
}
