/** Limits that an action ran into; the arm went on inside them. */
export type ClampLimit =
  | 'not_finite'
  | 'joint_position'
  | 'joint_velocity'
  | 'joint_acceleration'
  | 'joint_jerk'
  | 'workspace'
  | 'minimum_height'
  | 'tool_speed'
  | 'gripper_width';

/** What was cut, and the value that asked for it. */
export interface Clamp {
  readonly limit: ClampLimit;
  /** For example `joint 4`, `z`, `translation`. */
  readonly where: string;
  /** What was asked for, in the limit's unit. */
  readonly value: number;
  /** The limit. */
  readonly allowed: number;
}

/** Why the arm was stopped. */
export type StopCause =
  | 'observation_age'
  | 'chunk_deadline'
  | 'dead_man'
  | 'external_force'
  | 'external_moment'
  | 'external_joint_torque'
  | 'tracking_error'
  | 'robot_mode'
  | 'clock_backwards'
  | 'clock_ahead'
  | 'not_finite'
  | 'requested';

/** Stops after which an operator has to look: the runner goes on only when it is activated again. */
export const latchedStops: ReadonlySet<StopCause> = new Set([
  'external_force',
  'external_moment',
  'external_joint_torque',
  'tracking_error',
  'robot_mode',
]);

/** Why the arm is held, with the value that caused it. */
export interface Stop {
  readonly cause: StopCause;
  /** What it was about, for example a topic or `joint 3`. */
  readonly where: string;
  /** In the unit of the limit; NaN where there is no number to it. */
  readonly value: number;
  readonly allowed: number;
}

const units: Readonly<Record<ClampLimit | StopCause, string>> = {
  not_finite: '',
  joint_position: ' rad',
  joint_velocity: ' rad/s',
  joint_acceleration: ' rad/s^2',
  joint_jerk: ' rad/s^3',
  workspace: ' m',
  minimum_height: ' m',
  tool_speed: '',
  gripper_width: ' m',
  observation_age: ' s',
  chunk_deadline: ' s',
  dead_man: ' s',
  external_force: ' N',
  external_moment: ' N m',
  external_joint_torque: ' N m',
  tracking_error: ' rad',
  robot_mode: '',
  clock_backwards: ' s',
  clock_ahead: ' s',
  requested: '',
};

/** A clamp or a stop as one line for a log. */
export function describeEvent(event: Clamp | Stop): string {
  const name = 'limit' in event ? event.limit : event.cause;
  const number = (value: number) => `${Number(value.toPrecision(4))}${units[name]}`;
  const values = Number.isFinite(event.allowed)
    ? `: ${number(event.value)}, limit ${number(event.allowed)}`
    : Number.isNaN(event.value) && name !== 'not_finite'
      ? ''
      : `: ${event.value}`;
  return `${'limit' in event ? 'clamped' : 'stopped'}, ${name} (${event.where})${values}`;
}
