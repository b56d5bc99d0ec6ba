/**
 * Why an episode was cut off: the error flags of franka_msgs/msg/Errors that a simulation can raise, and one for a
 * simulation that went wrong.
 */
export type Fault =
  | 'joint_position_limits_violation'
  | 'joint_velocity_violation'
  | 'cartesian_position_limits_violation'
  | 'cartesian_velocity_violation'
  | 'self_collision_avoidance_violation'
  | 'joint_reflex'
  | 'cartesian_reflex'
  | 'max_goal_pose_deviation_violation'
  | 'communication_constraints_violation'
  | 'simulation_unsound';

/** When contacts become faults; as on the robot the estimates are low-passed, so that short knocks pass. */
export interface CollisionThresholds {
  /** External torque on each joint, N m. */
  readonly jointTorques: readonly number[];
  /** External force on the tool, N. */
  readonly force: number;
  /** External moment on the tool, N m. */
  readonly moment: number;
}

/**
 * Upper thresholds: torques of franka_ros2's default behaviour (franka_example_controllers,
 * default_robot_behavior_utils.hpp), force and moment of libfranka's Cartesian impedance example, which wants contacts.
 */
export const defaultThresholds: CollisionThresholds = {
  jointTorques: [35, 35, 32, 30, 29, 27, 24],
  force: 100,
  moment: 100,
};
