import type { ParameterDefinitions } from '../graph/parameters.js';
import { armControllers } from './robot.js';

const rate = (value: number, high: number, description: string) =>
  ({ type: 'double', value, low: 0.1, high, description: `${description}, Hz of simulated time` }) as const;

/** Parameters of the simulator node. Rates are those of simulated time. */
export const simulatorParameters = {
  controller: {
    type: 'string',
    value: 'joint_trajectory',
    choices: armControllers,
    description: 'The active controller of the arm; the other one refuses commands.',
  },
  gripper_name: {
    type: 'string',
    value: 'franka_gripper',
    readOnly: true,
    description:
      'Where the names of the gripper begin: franka_gripper in launch files, fr3_gripper in MoveIt configurations.',
  },
  seed: {
    type: 'integer',
    value: 0,
    low: 0,
    high: 2 ** 31 - 1,
    description: 'Seed of the episode that the next reset starts.',
  },
  real_time_factor: {
    type: 'double',
    value: 1,
    low: 0.01,
    high: 20,
    readOnly: true,
    description: 'Simulated time by wall time.',
  },
  joint_state_rate: rate(1000, 1000, 'franka/joint_states and the controller state'),
  robot_state_rate: rate(1000, 1000, 'franka_robot_state_broadcaster/robot_state'),
  convenience_publish_rate: rate(100, 1000, 'The other topics of franka_robot_state_broadcaster, and current_pose'),
  merged_joint_state_rate: rate(30, 1000, 'joint_states, of arm and gripper'),
  gripper_state_rate: rate(15, 1000, 'joint_states of the gripper'),
  object_rate: rate(100, 1000, 'Poses of objects, and what the task observes'),
  tf_rate: rate(50, 1000, '/tf'),
  clock_rate: rate(200, 1000, '/clock'),
  camera_rate: rate(30, 200, 'Camera images'),
  image_width: { type: 'integer', value: 640, low: 16, high: 1920, readOnly: true, description: 'Pixels.' },
  image_height: { type: 'integer', value: 480, low: 16, high: 1080, readOnly: true, description: 'Pixels.' },
} as const satisfies ParameterDefinitions;
