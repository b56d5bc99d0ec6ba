import type { RandomStream } from '@rapport/core';
import { loadMujoco } from '../mujoco/module.js';
import { Physics } from '../mujoco/physics.js';
import type { ArmModel } from '../robots/arm-model.js';
import { ArmState } from './arm.js';
import { defaultBase, manipulationModel, type PhysicsHz, type SolverTolerance } from './model.js';
import type { ManipulationTask, Stage } from './task.js';

/**
 * Loads MuJoCo and compiles the world of a task with an arm.
 * @throws InputError when MuJoCo refuses the task's parts
 */
export async function buildPhysics(
  arm: ArmModel,
  task: ManipulationTask,
  physicsHz: PhysicsHz,
  tolerance: SolverTolerance,
): Promise<Physics> {
  const mujoco = await loadMujoco();
  const world = task.world();
  const files = new Map([...(arm.assets?.files ?? []), ...(world.files ?? [])]);
  return new Physics(mujoco, manipulationModel(arm, task, world, physicsHz, tolerance), files);
}

/** What a task sees of its world. */
export function makeStage(physics: Physics, arm: ArmModel, task: ManipulationTask): Stage {
  return {
    physics,
    arm: new ArmState(physics, arm, task.base ?? defaultBase),
    memory: new Float64Array(task.memorySize),
  };
}

/** Brings a stage to the start of an episode: the arm at home with the gripper open, then what the task draws. */
export function startEpisode(
  { physics, arm, memory }: Stage,
  model: ArmModel,
  task: ManipulationTask,
  random: RandomStream,
) {
  physics.reset();
  memory.fill(0);
  arm.placeJoints(model.home);
  arm.placeGripper(model.hand.maxWidth);
  task.start({ physics, arm, memory }, random);
  physics.forward();
}
