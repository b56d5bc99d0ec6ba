import type { ActionClient, ClientGoal } from '../graph/actions.js';
import type { GraspGoal, MoveGoal, SuccessOrError, WidthFeedback } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';

/** A width that differs by less from the one that was sent last is no new command, metres. */
const WIDTH_STEP = 0.005;
/** A grasp succeeds at whatever width the fingers have stopped, metres. */
const ANY_WIDTH = 0.08;

/** How the gripper moves. */
export interface GripperManner {
  /** m/s. */
  readonly speed: number;
  /** N. */
  readonly force: number;
}

/**
 * Sends a stream of widths to a gripper that takes one goal at a time, as franka_gripper does: `move` to a width that is
 * new; where something between the fingers holds them up, `grasp` holds it. The newest width counts: a goal that is under
 * way is cancelled for one that lies elsewhere.
 */
export class GripperCommands {
  readonly #node: RosNode;
  readonly #manner: () => GripperManner;
  readonly #move: ActionClient<MoveGoal, SuccessOrError, WidthFeedback>;
  readonly #grasp: ActionClient<GraspGoal, SuccessOrError, WidthFeedback>;
  #sent: number | undefined;
  #wanted: number | undefined;
  #goal: ClientGoal<SuccessOrError> | undefined;
  #busy = false;
  /** Counts how often what was wanted has been forgotten. */
  #round = 0;
  #reported = '';

  constructor(node: RosNode, name: string, manner: () => GripperManner) {
    this.#node = node;
    this.#manner = manner;
    this.#move = node.actionClient('franka_msgs/action/Move', `${name}/move`);
    this.#grasp = node.actionClient('franka_msgs/action/Grasp', `${name}/grasp`);
  }

  /** Whether the gripper's actions are there. */
  get available(): boolean {
    return this.#move.available && this.#grasp.available;
  }

  /** What was wanted before counts no more: the fingers stay as they are, or others have moved them. */
  forget(): void {
    this.#sent = undefined;
    this.#wanted = undefined;
    this.#round += 1;
  }

  /** Takes the width that the fingers are to have now, metres; called at every tick. */
  want(width: number): void {
    if (this.#sent !== undefined && Math.abs(width - this.#sent) < WIDTH_STEP) return;
    this.#wanted = width;
    if (this.#busy) {
      const goal = this.#goal;
      this.#goal = undefined;
      goal?.cancel().catch(() => {});
      return;
    }
    this.#busy = true;
    this.#serve()
      .catch((error: unknown) => this.#report((error as Error).message))
      .finally(() => {
        this.#busy = false;
      });
  }

  /** Sends what is wanted until nothing new is. */
  async #serve(): Promise<void> {
    while (this.#wanted !== undefined) {
      const round = this.#round;
      const width = this.#wanted;
      this.#wanted = undefined;
      this.#sent = width;
      const { speed, force } = this.#manner();
      if ((await this.#run(this.#move, { width, speed })) || this.#wanted !== undefined) continue;
      if (round !== this.#round) return;
      const epsilon = { inner: ANY_WIDTH, outer: ANY_WIDTH };
      await this.#run(this.#grasp, { width, speed, force, epsilon });
    }
  }

  /** @returns whether the goal was reached */
  async #run<Goal extends object>(
    client: ActionClient<Goal, SuccessOrError, WidthFeedback>,
    goal: Goal,
  ): Promise<boolean> {
    const sent = await client.send(goal);
    if (sent === undefined) {
      this.#report(`${client.name} refuses its goal`);
      return true;
    }
    this.#goal = sent;
    const { result } = await sent.outcome;
    this.#goal = undefined;
    return result.success;
  }

  #report(line: string): void {
    if (line !== this.#reported) this.#node.warn(line);
    this.#reported = line;
  }
}
