export { type Breach, checkContract, contractRules } from './contract/contract.js';
export { TwinProcess } from './contract/twin-process.js';
export { type CollisionThresholds, defaultThresholds, type Fault } from './control/faults.js';
export { DampedSolver, InverseKinematics, type PoseError, type ToolPose } from './control/inverse-kinematics.js';
export { Kinematics } from './control/kinematics.js';
export { actionEntries, type ControlMode } from './control/modes.js';
export { type BasePose, MotionTarget, type Workspace } from './control/motion-target.js';
export type { EnvironmentEntry, MakeOptions, ScriptedEntry } from './entry.js';
export { type ArmReading, armEntries, armLayout, writeArm } from './franka/arm-observation.js';
export { type ManipulationEntry, manipulationEntries } from './franka/catalogue.js';
export { ArmCell, type ArmCellOptions, armBodies } from './franka/cell.js';
export { ManipulationEnv, type ManipulationEnvOptions } from './franka/env.js';
export { defaultBase } from './franka/model.js';
export {
  type PhysicsTrace,
  recordPhysicsTrace,
  replayPhysicsTrace,
  type TraceReplay,
} from './franka/physics-trace.js';
export { gymPython, prepareGym } from './gym/python.js';
export { environments, makeEnv, registerEnvironment, scriptedPolicies, scriptedPolicy } from './registry.js';
export { type CameraPose, type Intrinsics, intrinsicMatrix, intrinsicsFromFovY, lookAt } from './render3d/camera.js';
export { type RenderOutputs, type RenderQuality, SceneRenderer } from './render3d/renderer.js';
export { type FixedPose, type FramePoses, type RenderInstance, RenderScene } from './render3d/scene.js';
export { SceneInstances } from './render3d/scene-instances.js';
export { checkerTexture, type PlanarTexture, type Shape } from './render3d/shapes.js';
export type { ArmModel } from './robots/arm-model.js';
export { fr3 } from './robots/fr3.js';
export { iiwa14 } from './robots/iiwa14.js';
export { panda } from './robots/panda.js';
export { loadRobotAssets } from './robots/robot-assets.js';
export {
  axisAngle,
  conjugate,
  fromRotationVector,
  matrixToQuaternion,
  multiply,
  type Quaternion,
  quaternionToMatrix,
  rotate,
  toRotationVector,
} from './spatial/rotation.js';
export type { Actor, PolicyModule } from './vector/actor.js';
export { type CollectOptions, collectEpisodes, streamEpisodes } from './vector/collect.js';
export { VectorEnv, type VectorOptions } from './vector/vector-env.js';
export {
  type ColumnDeviation,
  type ConformanceReport,
  replayTraces,
  type TraceReport,
} from './xmagical/conformance.js';
