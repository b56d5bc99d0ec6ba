import { InputError } from '@rapport/core';
import { armLayout } from '@rapport/sim';
import type { GraphView } from '../graph/graph-view.js';
import type { JointTrajectory, PoseStamped } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import type { ParameterValues } from '../graph/parameters.js';
import { qosProfiles } from '../graph/qos.js';
import { rosTimeFromSeconds } from '../graph/time.js';
import { hardwareLimits, type SafetyEnvelope, type SafetyLimits } from '../safety/index.js';
import { robotTypeOf } from '../simulator/names.js';
import { PoseCommand, TrajectoryCommand } from './arm-commands.js';
import type { NeededTopic } from './graph-check.js';
import { type InputNames, inputTopics } from './inputs.js';
import type { LoopSetup } from './loop-setup.js';
import type { runnerParameters } from './parameters.js';
import type { PolicyDescription } from './policy-messages.js';
import { type RobotTask, robotTask } from './robot-task.js';

export type RunnerValues = ParameterValues<typeof runnerParameters>;

/** @throws InputError when the environment is not known, or the policy does not fit it */
export function taskOf(description: PolicyDescription, envId: string | undefined): RobotTask {
  const where = envId ?? description.envId;
  if (where === undefined) {
    throw new InputError(`policy "${description.name}" does not say which environment it was trained in`, {
      fix: 'name one with --env (rapport envs lists them)',
    });
  }
  const task = robotTask(where);
  const { signature, name } = description;
  const observed = armLayout.end + task.taskValues.length;
  const expected = signature?.observationSize ?? observed;
  if (expected !== observed && expected !== armLayout.end) {
    throw new InputError(`policy "${name}" expects ${expected} observed numbers; ${where} has ${observed}`, {
      fix: `a policy observes all of them, or the first ${armLayout.end}, which are the arm's`,
    });
  }
  if (signature !== undefined && signature.actionSize !== task.actions.length) {
    throw new InputError(
      `policy "${name}" gives actions of ${signature.actionSize} numbers; ${where} takes ${task.actions.length}`,
    );
  }
  // What it does not observe need not be on the graph.
  return expected === observed ? task : { ...task, taskValues: [] };
}

/** Names on the graph, from parameters, policy and limits. */
export function inputNames(
  values: RunnerValues,
  task: RobotTask,
  description: PolicyDescription,
  limits: SafetyLimits,
): InputNames {
  const prefix = values.joint_prefix === '' ? frankaName(limits) : values.joint_prefix;
  return {
    joints: [1, 2, 3, 4, 5, 6, 7].map((number) => `${prefix}_joint${number}`),
    gripper: values.gripper_name,
    worldFrame: values.world_frame,
    taskValues: task.taskValues,
    cameras: description.signature?.cameras ?? [],
    watchesRobotState: values.watch_robot_state,
    deadManTopic: values.dead_man_topic,
  };
}

/** What the control loop is made for. */
export function loopSetup(
  graph: GraphView,
  values: RunnerValues,
  { cameras, gripper, watchesRobotState, deadManTopic }: InputNames,
  parts: Pick<LoopSetup, 'task' | 'limits' | 'chunk'> & { readonly operatorKey: boolean },
): LoopSetup {
  const { task, limits, chunk, operatorKey } = parts;
  return {
    task,
    limits,
    chunk,
    commandHz: values.command_rate,
    cameras: cameras.map(({ camera }) => camera),
    fadeSteps: values.blend_steps,
    topics: {
      joints: graph.resolve(inputTopics.joints),
      gripper: graph.resolve(inputTopics.gripper(gripper)),
      taskValues: graph.resolve(inputTopics.taskValues),
      robotState: graph.resolve(inputTopics.robotState),
      cameras: Object.fromEntries(
        cameras.map(({ camera }) => [camera, graph.resolve(inputTopics.camera(camera))] as const),
      ),
    },
    watchesRobotState,
    deadMan: operatorKey ? 'the operator’s key' : deadManTopic === '' ? undefined : graph.resolve(deadManTopic),
  };
}

/** Where setpoints are sent. */
export function commandTopic(values: RunnerValues, controller: string): NeededTopic {
  const qos = qosProfiles.systemDefault;
  const reason = 'nobody would move the arm';
  return values.command === 'target_pose'
    ? { topic: 'target_pose', type: 'geometry_msgs/msg/PoseStamped', reason, qos }
    : { topic: `${controller}/joint_trajectory`, type: 'trajectory_msgs/msg/JointTrajectory', reason, qos };
}

/** The joint trajectory controller. */
export function controllerName(values: RunnerValues, limits: SafetyLimits): string {
  return values.controller_name === '' ? `${frankaName(limits)}_arm_controller` : values.controller_name;
}

/** What Franka's names of an arm's joints and controllers begin with. */
function frankaName({ arm }: SafetyLimits): string {
  return robotTypeOf(hardwareLimits[arm].arm)!;
}

/** How setpoints are sent. */
export interface ArmCommand {
  /** Before the first of them. */
  readonly start: () => void;
  /** Sends the envelope's setpoint. @param due when its tick was due, seconds */
  readonly send: (due: number) => void;
}

/** Sends an envelope's setpoints in the way that the parameter `command` names. */
export function armCommand(
  node: RosNode,
  values: RunnerValues,
  { topic, type, qos }: NeededTopic,
  arm: { readonly limits: SafetyLimits; readonly joints: readonly string[]; readonly envelope: SafetyEnvelope },
): ArmCommand {
  const { limits, joints, envelope } = arm;
  if (values.command === 'target_pose') {
    const pose = new PoseCommand(hardwareLimits[limits.arm].arm, values.base_frame);
    const publisher = node.publisher<PoseStamped>(type, topic, qos);
    return { start: () => {}, send: (due) => publisher.publish(pose.next(envelope, rosTimeFromSeconds(due))) };
  }
  const trajectory = new TrajectoryCommand(joints, envelope.period);
  const publisher = node.publisher<JointTrajectory>(type, topic, qos);
  const onArrival = { sec: 0, nanosec: 0 };
  const stamp = (due: number) => (values.stamp_commands ? rosTimeFromSeconds(due) : onArrival);
  return {
    start: () => trajectory.start(envelope),
    send: (due) => publisher.publish(trajectory.next(envelope, stamp(due))),
  };
}
