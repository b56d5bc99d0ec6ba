export { ArmMotion, type MovingGoal } from './arm-motion.js';
export { type ActionChunk, type BlendedAction, ChunkBlender } from './chunk-blender.js';
export { CommandClock } from './command-clock.js';
export {
  type ChunkRequest,
  ControlLoop,
  type LoopHooks,
  type LoopMode,
  type LoopReport,
  type LoopSetup,
  type RobotReading,
} from './control-loop.js';
export { EventLog } from './event-log.js';
export { runnerParameters } from './parameters.js';
export type { PolicyDescription, PolicySource } from './policy-messages.js';
export { type RobotTask, robotTask } from './robot-task.js';
export { openRunner, Runner, type RunnerOptions } from './runner.js';
