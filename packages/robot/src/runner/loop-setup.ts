import type { ChunkShape } from '@rapport/policy';
import type { SafetyLimits } from '../safety/index.js';
import type { RobotTask } from './robot-task.js';

/** What a control loop is for. */
export interface LoopSetup {
  readonly task: RobotTask;
  readonly limits: SafetyLimits;
  /** Setpoints per second. */
  readonly commandHz: number;
  readonly chunk: ChunkShape;
  /** Cameras that the policy looks at, in its order. */
  readonly cameras: readonly string[];
  /** Steps over which a chunk passes into the next. */
  readonly fadeSteps: number;
  /** Topics, for messages: where each kind of input comes from. */
  readonly topics: {
    readonly joints: string;
    readonly gripper: string;
    readonly taskValues: string;
    readonly robotState: string;
    /** By camera. */
    readonly cameras: Readonly<Record<string, string>>;
  };
  /** Whether the robot's own state is watched; without it nothing is known of contacts. */
  readonly watchesRobotState: boolean;
  /** Where the operator's sign comes from, for messages; undefined when none is asked for. */
  readonly deadMan: string | undefined;
}
