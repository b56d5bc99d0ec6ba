import type { RandomStream, Scene, SpaceEntry, Vector3, Way } from '@rapport/core';
import type { CollisionThresholds } from '../control/faults.js';
import type { ControlMode } from '../control/modes.js';
import type { BasePose, Workspace } from '../control/motion-target.js';
import type { MjcfNode } from '../mujoco/mjcf.js';
import type { Physics } from '../mujoco/physics.js';
import type { ArmState } from './arm.js';

/** What a task adds to the arm's world, as MJCF. Named parts are then found through `stage.physics`. */
export interface WorldParts {
  /** Children of <worldbody>: table, objects (with <freejoint/>), fixtures (mocap bodies where their place varies). */
  readonly bodies: readonly MjcfNode[];
  /** Children of <asset>: textures, meshes. */
  readonly assets?: readonly MjcfNode[];
  /** Children of <sensor>; a <contact> sensor tells what touches what and how hard. */
  readonly sensors?: readonly MjcfNode[];
  readonly equalities?: readonly MjcfNode[];
  readonly tendons?: readonly MjcfNode[];
  readonly actuators?: readonly MjcfNode[];
  /** Children of <contact>: pairs of bodies that pass through each other. */
  readonly contacts?: readonly MjcfNode[];
  /** Children of <deformable>. */
  readonly deformables?: readonly MjcfNode[];
  /** Memory for contacts and constraints; 4 when absent. */
  readonly arenaMegabytes?: number;
  /** Files that assets name. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/** A camera fixed in the world; every environment has a `wrist` camera as well. */
export interface FixedCamera {
  readonly name: string;
  /** In the world, metres. */
  readonly position: Vector3;
  /** The point that it looks at. */
  readonly target: Vector3;
  /** Vertical field of view, degrees. */
  readonly fovYDeg: number;
}

/** What a task sees: the world's quantities by name, the arm, and numbers that it keeps within an episode. */
export interface Stage {
  readonly physics: Physics;
  readonly arm: ArmState;
  /** `memorySize` numbers, zero at the start of an episode, saved with the state. */
  readonly memory: Float64Array;
}

/**
 * A manipulation task: what stands in the world, where episodes start, what is observed beside the arm, what is
 * preferred and what counts as success. It reads the simulation by names only and keeps no state of its own.
 *
 * World frame: metres, z up, the table's top at z = 0; the arm stands at `base`, by default at the origin facing +x.
 */
export interface ManipulationTask {
  /** For example `lift`; the environment's id is `franka/lift`. */
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  readonly maxEpisodeSteps: number;
  /** Control steps per second, 10 to 20. */
  readonly controlHz: number;
  /** What an action is. */
  readonly control: ControlMode;
  /** Where the arm stands. */
  readonly base?: BasePose;
  /** Where Cartesian targets are kept, in the world; leaving it by more than 5 cm is a fault. */
  readonly workspace?: Workspace;
  /** When contacts become faults, where the robot's usual thresholds do not fit. */
  readonly thresholds?: CollisionThresholds;
  /** The first is the environment's default camera. */
  readonly cameras: readonly FixedCamera[];
  /** What the viewer frames. */
  readonly bounds: Scene['bounds'];
  readonly memorySize: number;
  /** Names, units and bounds of what is observed of the objects; they follow the arm's own entries. */
  readonly observationEntries: readonly SpaceEntry[];
  world(): WorldParts;
  /**
   * Draws the start of an episode: places objects and, where the task wants another pose than the arm's home, the arm.
   * Everything is at rest at its place in the model before, the arm at home with the gripper open.
   */
  start(stage: Stage, random: RandomStream): void;
  /** Fills `out`, shape [observationEntries]. */
  observe(stage: Stage, out: Float32Array): void;
  /** Brings the memory up to date; called once after every control step, before score and success are asked. */
  remember?(stage: Stage): void;
  /** Privileged: the preference score of the control step that just ended, in [0, 1]. */
  stepScore(stage: Stage): number;
  /** Privileged: whether the task is solved at the present state. */
  success(stage: Stage): boolean;
  /** Privileged: the ways in which the task can be done, where that is what the task is about. */
  readonly ways?: Ways;
}

/** Ways to do a task, one of which is preferred. */
export interface Ways {
  readonly preferred: string;
  /** The way in which the task was solved; called with a solved task. */
  of(stage: Stage): string;
}

/** How a task was done, with its world as it is. @param solved whether it is solved now */
export function wayOf({ preferred, of }: Ways, solved: boolean, stage: Stage): Way {
  const name = solved ? of(stage) : 'none';
  return { name, preferred: name === preferred };
}
