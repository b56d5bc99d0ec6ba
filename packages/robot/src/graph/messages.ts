// Message types as they are received: numeric arrays as typed arrays, 64-bit integers as BigInt. Field names, units and
// frames are those of the interface files.

import type { RosTime } from './time.js';

/** A message to be sent: what is left out is zero, empty, or the type's default; numbers may be in any kind of array. */
export type Outgoing<T> =
  T extends ArrayLike<number>
    ? ArrayLike<number>
    : T extends string | number | bigint | boolean
      ? T
      : T extends readonly (infer Item)[]
        ? readonly Outgoing<Item>[]
        : { readonly [Field in keyof T]?: Outgoing<T[Field]> };

/** std_msgs/msg/Header. */
export interface Header {
  readonly stamp: RosTime;
  readonly frame_id: string;
}

/** geometry_msgs/msg/Vector3, and Point. */
export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** geometry_msgs/msg/Quaternion. */
export interface RosQuaternion extends Vector {
  readonly w: number;
}

/** geometry_msgs/msg/Pose. */
export interface Pose {
  readonly position: Vector;
  readonly orientation: RosQuaternion;
}

/** geometry_msgs/msg/PoseStamped. */
export interface PoseStamped {
  readonly header: Header;
  readonly pose: Pose;
}

/** geometry_msgs/msg/TwistStamped. */
export interface TwistStamped {
  readonly header: Header;
  readonly twist: { readonly linear: Vector; readonly angular: Vector };
}

/** geometry_msgs/msg/WrenchStamped. */
export interface WrenchStamped {
  readonly header: Header;
  readonly wrench: { readonly force: Vector; readonly torque: Vector };
}

/** geometry_msgs/msg/TransformStamped. */
export interface TransformStamped {
  readonly header: Header;
  readonly child_frame_id: string;
  readonly transform: { readonly translation: Vector; readonly rotation: RosQuaternion };
}

/** tf2_msgs/msg/TFMessage. */
export interface TfMessage {
  readonly transforms: readonly TransformStamped[];
}

/** rosgraph_msgs/msg/Clock. */
export interface Clock {
  readonly clock: RosTime;
}

/** sensor_msgs/msg/JointState. */
export interface JointState {
  readonly header: Header;
  readonly name: readonly string[];
  readonly position: Float64Array;
  readonly velocity: Float64Array;
  readonly effort: Float64Array;
}

/** sensor_msgs/msg/Image. */
export interface Image {
  readonly header: Header;
  readonly height: number;
  readonly width: number;
  readonly encoding: string;
  readonly is_bigendian: number;
  readonly step: number;
  readonly data: Uint8Array;
}

/** sensor_msgs/msg/CameraInfo. */
export interface CameraInfo {
  readonly header: Header;
  readonly height: number;
  readonly width: number;
  readonly distortion_model: string;
  readonly d: Float64Array;
  readonly k: Float64Array;
  readonly r: Float64Array;
  readonly p: Float64Array;
}

/** trajectory_msgs/msg/JointTrajectoryPoint. */
export interface JointTrajectoryPoint {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  readonly accelerations: Float64Array;
  readonly effort: Float64Array;
  readonly time_from_start: RosTime;
}

/** trajectory_msgs/msg/JointTrajectory. */
export interface JointTrajectory {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly points: readonly JointTrajectoryPoint[];
}

/** control_msgs/msg/JointTolerance. */
export interface JointTolerance {
  readonly name: string;
  readonly position: number;
  readonly velocity: number;
  readonly acceleration: number;
}

/** control_msgs/msg/JointTrajectoryControllerState, without the parts for joints of several degrees of freedom. */
export interface JointTrajectoryControllerState {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly reference: JointTrajectoryPoint;
  readonly feedback: JointTrajectoryPoint;
  readonly error: JointTrajectoryPoint;
  readonly output: JointTrajectoryPoint;
  readonly speed_scaling_factor: number;
}

/** control_msgs/action/FollowJointTrajectory. */
export interface FollowJointTrajectoryGoal {
  readonly trajectory: JointTrajectory;
  readonly path_tolerance: readonly JointTolerance[];
  readonly goal_tolerance: readonly JointTolerance[];
  readonly goal_time_tolerance: RosTime;
}

export interface FollowJointTrajectoryResult {
  readonly error_code: number;
  readonly error_string: string;
}

export interface FollowJointTrajectoryFeedback {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly desired: JointTrajectoryPoint;
  readonly actual: JointTrajectoryPoint;
  readonly error: JointTrajectoryPoint;
}

/** Answer of control_msgs/srv/QueryTrajectoryState. */
export interface TrajectoryStateAnswer {
  readonly success: boolean;
  readonly message: string;
  readonly name: readonly string[];
  readonly position: Float64Array;
  readonly velocity: Float64Array;
  readonly acceleration: Float64Array;
}

/** franka_msgs/action/PTPMotion. */
export interface PtpMotionGoal {
  readonly goal_joint_configuration: Float64Array;
  readonly maximum_joint_velocities: Float64Array;
  readonly goal_tolerance: number;
}

export interface PtpMotionResult {
  readonly target_status: TargetStatus;
  readonly error_message: string;
}

export interface PtpMotionFeedback {
  readonly target_status: TargetStatus;
}

/** franka_msgs/msg/TargetStatus. */
export interface TargetStatus {
  /** See `targetStatuses`. */
  readonly status: number;
}

/** Values of `TargetStatus.status`. */
export const targetStatuses = { idle: 0, executing: 1, reached: 2, aborted: 3 } as const;

/** control_msgs/action/GripperCommand. */
export interface GripperCommandGoal {
  readonly command: { readonly position: number; readonly max_effort: number };
}

/** Result and feedback of control_msgs/action/GripperCommand. */
export interface GripperCommandState {
  readonly position: number;
  readonly effort: number;
  readonly stalled: boolean;
  readonly reached_goal: boolean;
}

/** Goals of the actions of franka_msgs. */
export interface GraspGoal {
  readonly width: number;
  readonly epsilon: { readonly inner: number; readonly outer: number };
  readonly speed: number;
  readonly force: number;
}

export interface MoveGoal {
  readonly width: number;
  readonly speed: number;
}

/** Result of the gripper's actions of franka_msgs, and of its services. */
export interface SuccessOrError {
  readonly success: boolean;
  readonly error: string;
}

export interface WidthFeedback {
  readonly current_width: number;
}

/** franka_msgs/msg/FrankaRobotState, as far as it is used here. */
export interface FrankaRobotState {
  readonly header: Header;
  readonly collision_indicators: {
    readonly is_joint_contact: Float64Array;
    readonly is_joint_collision: Float64Array;
  };
  readonly measured_joint_state: JointState;
  readonly desired_joint_state: JointState;
  readonly measured_joint_motor_state: JointState;
  readonly ddq_d: Float64Array;
  readonly tau_ext_hat_filtered: JointState;
  readonly elbow: { readonly position: Float64Array };
  readonly k_f_ext_hat_k: WrenchStamped;
  readonly o_f_ext_hat_k: WrenchStamped;
  readonly o_t_ee: PoseStamped;
  readonly o_t_ee_d: PoseStamped;
  readonly o_t_ee_c: PoseStamped;
  readonly f_t_ee: PoseStamped;
  readonly ee_t_k: PoseStamped;
  readonly o_dp_ee_d: TwistStamped;
  readonly o_dp_ee_c: TwistStamped;
  readonly time: number;
  readonly control_command_success_rate: number;
  /** 1 idle, 2 move, 4 reflex; see `robotModes`. */
  readonly robot_mode: number;
  readonly current_errors: Readonly<Record<string, boolean>>;
  readonly last_motion_errors: Readonly<Record<string, boolean>>;
}

/** Values of `robot_mode`. */
export const robotModes = {
  other: 0,
  idle: 1,
  move: 2,
  guiding: 3,
  reflex: 4,
  userStopped: 5,
  automaticErrorRecovery: 6,
} as const;

/** diagnostic_msgs/msg/DiagnosticStatus. */
export interface DiagnosticStatus {
  /** 0 fine, 1 warning, 2 error, 3 stale. */
  readonly level: number;
  readonly name: string;
  readonly message: string;
  readonly hardware_id: string;
  readonly values: readonly { readonly key: string; readonly value: string }[];
}

/** diagnostic_msgs/msg/DiagnosticArray. */
export interface DiagnosticArray {
  readonly header: Header;
  readonly status: readonly DiagnosticStatus[];
}

/** Answer of std_srvs/srv/Trigger and rapport_msgs/srv/SetSeed. */
export interface SuccessOrMessage {
  readonly success: boolean;
  readonly message: string;
}

/** rapport_msgs/msg/NamedValues. */
export interface NamedValues {
  readonly header: Header;
  readonly names: readonly string[];
  readonly values: Float64Array;
}

/** rapport_msgs/msg/Evaluation. */
export interface Evaluation {
  readonly header: Header;
  readonly episode: bigint;
  readonly seed: bigint;
  readonly step: number;
  readonly step_score: number;
  readonly success: boolean;
  /** Empty where the task has one way only. */
  readonly way: string;
  readonly preferred: boolean;
  readonly fault: string;
}
