import type { RosNode } from '../graph/node.js';
import type { RobotNames } from './names.js';
import type { SimulatedRobot } from './robot.js';

/** What commands need of the simulator. */
export interface CommandContext {
  readonly node: RosNode;
  readonly robot: SimulatedRobot;
  readonly names: RobotNames;
  /** Whether the node is in the state `active`. */
  readonly active: () => boolean;
  /** Nanoseconds, in the clock that stamps are in. */
  readonly now: () => bigint;
}
