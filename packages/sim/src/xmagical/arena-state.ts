import type { Layout } from './layout.js';
import type { EmbodimentName, FloorRectangle } from './view.js';

/** An axis-aligned bounding box, metres. */
export interface Bounds {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

/** A moving thing of the arena, by named quantities: metres, radians, seconds, world frame. */
export interface ArenaBody {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly velocityX: number;
  readonly velocityY: number;
  readonly angularVelocity: number;
  /** The body's axis-aligned bounding box at the present pose; fingers belong to the robot. Fills and returns `out`. */
  bounds(out: Bounds): Bounds;
  /**
   * Whether every shape of the body has its bounding box inside the rectangle: what X-Magical calls contained
   * (`GoalRegion.get_overlapping_ents(contained=True)`).
   */
  inside(rectangle: FloorRectangle): boolean;
  /** Whether a shape of the body touches the rectangle, exactly (its outline, not its bounding box). */
  overlaps(rectangle: FloorRectangle): boolean;
}

export interface ArenaBlock extends ArenaBody {
  /** Whether the robot (fingers included) touched the block in any of the substeps of the last control step. */
  readonly touchedByRobot: boolean;
}

/** What a task may read of the physics: quantities with names, never raw state. */
export interface ArenaState {
  readonly embodiment: EmbodimentName;
  readonly layout: Layout;
  readonly robot: ArenaBody;
  readonly blocks: readonly ArenaBlock[];
  /** Opening of the gripper in [0, 1], 1 fully open; 0 for sticks. */
  fingerOpening(): number;
}
