import { type MjcfNode, mjcf, writeMjcf } from '../mujoco/mjcf.js';
import { lookAt } from '../render3d/camera.js';
import type { ArmModel } from '../robots/arm-model.js';
import { armNames, armParts } from '../robots/bodies.js';
import type { FixedCamera, ManipulationTask, WorldParts } from './task.js';

/** Physics steps per second; 1000 is a Franka's own rate. */
export type PhysicsHz = 500 | 1000;

/**
 * How far MuJoCo's solver goes. It finds the forces of contacts by iterations that end at a tolerance; where they end can
 * hang on the last bit, and two builds then differ by up to that tolerance, which contacts amplify. `tight` ends where
 * rounding does, and is slower by a fifth.
 */
export type SolverTolerance = 'usual' | 'tight';

const tightTolerances = {
  tolerance: 1e-14,
  ls_tolerance: 1e-6,
  ls_iterations: 100,
};

export const WRIST_CAMERA = 'wrist';

/** Links that the hand could reach; touching one of them is a fault. */
export const selfCollisionBodies = [armNames.base, armNames.link(0), armNames.link(1), armNames.link(2)];

export function selfCollisionSensor(body: string): string {
  return `self_collision_${body}`;
}

/**
 * The whole model of a task with an arm, as MJCF text: implicit integration, elliptic friction cones, and contacts whose
 * friction gives way less than their normal direction, so that a grasped thing does not creep out of the fingers.
 */
export function manipulationModel(
  arm: ArmModel,
  task: ManipulationTask,
  world: WorldParts,
  physicsHz: PhysicsHz,
  tolerance: SolverTolerance = 'usual',
): string {
  const { position, yawRad } = task.base ?? defaultBase;
  const parts = armParts(arm, position, yawRad, [wristCamera]);
  const root = mjcf('mujoco', { model: task.name }, [
    mjcf('compiler', { angle: 'radian', autolimits: true }),
    mjcf(
      'option',
      {
        timestep: 1 / physicsHz,
        integrator: 'implicitfast',
        cone: 'elliptic',
        impratio: 10,
        ...(tolerance === 'tight' && tightTolerances),
      },
      // A state that is not a number stays to be seen, instead of a silent return to the start.
      [mjcf('flag', { autoreset: 'disable' })],
    ),
    mjcf('size', { memory: `${world.arenaMegabytes ?? 4}M` }),
    mjcf('asset', {}, [...(arm.assets?.nodes ?? []), ...(world.assets ?? [])]),
    mjcf('worldbody', {}, [parts.body, ...task.cameras.map(cameraNode), ...world.bodies]),
    mjcf('deformable', {}, world.deformables),
    mjcf('contact', {}, world.contacts),
    mjcf('equality', {}, [...parts.equalities, ...(world.equalities ?? [])]),
    mjcf('tendon', {}, [...parts.tendons, ...(world.tendons ?? [])]),
    mjcf('actuator', {}, [...parts.actuators, ...(world.actuators ?? [])]),
    mjcf('sensor', {}, [
      ...selfCollisionBodies.map((body) =>
        mjcf('contact', { name: selfCollisionSensor(body), subtree1: armNames.hand, body2: body, data: 'found' }),
      ),
      ...(world.sensors ?? []),
    ]),
  ]);
  return writeMjcf(root);
}

export const defaultBase = { position: [0, 0, 0], yawRad: 0 } as const;

/** On the hand's side away from the base, it sees the fingers and what lies between them. */
const wristCamera = cameraNode({
  name: WRIST_CAMERA,
  position: [0.08, 0, 0.045],
  target: [0.01, 0, 0.13],
  fovYDeg: 70,
});

function cameraNode({ name, position, target, fovYDeg }: FixedCamera): MjcfNode {
  const { rotation } = lookAt(position, target);
  // MuJoCo's cameras have y up in the picture, ours y down.
  const right = [rotation[0]!, rotation[3]!, rotation[6]!];
  const up = [-rotation[1]!, -rotation[4]!, -rotation[7]!];
  return mjcf('camera', { name, pos: position, xyaxes: [...right, ...up], fovy: fovYDeg });
}
