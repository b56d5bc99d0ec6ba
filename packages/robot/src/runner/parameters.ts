import type { ParameterDefinitions } from '../graph/parameters.js';

/** Parameters of the runner node. Topics are remapped as usual: `-r franka/joint_states:=/other`. */
export const runnerParameters = {
  command: {
    type: 'string',
    value: 'joint_trajectory',
    choices: ['joint_trajectory', 'target_pose'],
    readOnly: true,
    description:
      'What the arm is sent: trajectories for a joint_trajectory_controller, or poses for a Cartesian controller such as CRISP.',
  },
  command_rate: {
    type: 'double',
    value: 100,
    low: 10,
    high: 250,
    readOnly: true,
    description: 'Setpoints per second.',
  },
  stamp_commands: {
    type: 'boolean',
    value: true,
    readOnly: true,
    description:
      'Trajectories say when they begin, so that a delay on the way changes nothing; needs clocks that agree. False: they begin when they arrive.',
  },
  controller_name: {
    type: 'string',
    value: '',
    readOnly: true,
    description: 'Name of the joint trajectory controller; by default fr3_arm_controller or fer_arm_controller.',
  },
  gripper_name: {
    type: 'string',
    value: 'franka_gripper',
    readOnly: true,
    description: 'Where the names of the gripper begin.',
  },
  joint_prefix: {
    type: 'string',
    value: '',
    readOnly: true,
    description: 'What the names of joints begin with; by default fr3 or fer, as the limits file says.',
  },
  world_frame: {
    type: 'string',
    value: 'world',
    readOnly: true,
    description: 'Frame that poses of things must be in.',
  },
  base_frame: {
    type: 'string',
    value: 'base',
    readOnly: true,
    description: 'Frame of target poses.',
  },
  blend_steps: {
    type: 'integer',
    value: 2,
    low: 0,
    high: 32,
    readOnly: true,
    description: 'Control steps over which a chunk of actions passes into the next.',
  },
  watch_robot_state: {
    type: 'boolean',
    value: true,
    readOnly: true,
    description: 'Stop on contacts and faults that franka_robot_state_broadcaster/robot_state tells.',
  },
  dead_man_topic: {
    type: 'string',
    value: '',
    readOnly: true,
    description: 'Topic of type std_msgs/msg/Bool that must keep saying true for the arm to move; empty: none.',
  },
  gripper_speed: { type: 'double', value: 0.1, low: 0.01, high: 0.2, description: 'm/s.' },
  gripper_force: {
    type: 'double',
    value: 20,
    low: 1,
    high: 70,
    description: 'Force with which a thing between the fingers is held, N.',
  },
  seed: {
    type: 'integer',
    value: 0,
    low: 0,
    high: 2 ** 31 - 1,
    readOnly: true,
    description: 'Seed of the random numbers that the policy draws.',
  },
} as const satisfies ParameterDefinitions;
