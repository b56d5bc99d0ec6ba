import { InputError } from '@rapport/core';
import type { SuccessOrError } from '../graph/messages.js';
import { attempted } from './attempt.js';
import type { CommandContext } from './command-context.js';

interface Thresholds {
  readonly upper_torque_thresholds_nominal: Float64Array;
  readonly upper_force_thresholds_nominal: Float64Array;
}

/**
 * Offers the services of franka_ros2's parameter server. What the simulation knows takes effect; of a load and of other frames
 * it knows nothing, and only the values that hold anyway are accepted.
 */
export function serveSettings({ node, robot }: CommandContext): void {
  const serve = <Request extends object>(type: string, name: string, apply: (request: Request) => void) =>
    node.serve<Request, SuccessOrError>(`franka_msgs/srv/${type}`, `service_server/${name}`, (request) =>
      attempted(() => apply(request)),
    );
  const setThresholds = (request: Thresholds) =>
    robot.setCollisionThresholds(request.upper_torque_thresholds_nominal, request.upper_force_thresholds_nominal);

  serve<{ joint_stiffness: Float64Array }>('SetJointStiffness', 'set_joint_stiffness', (request) =>
    robot.setJointStiffness(request.joint_stiffness),
  );
  serve<{ cartesian_stiffness: Float64Array }>('SetCartesianStiffness', 'set_cartesian_stiffness', (request) =>
    robot.setCartesianStiffness(request.cartesian_stiffness),
  );
  serve<Thresholds>('SetForceTorqueCollisionBehavior', 'set_force_torque_collision_behavior', setThresholds);
  serve<Thresholds>('SetFullCollisionBehavior', 'set_full_collision_behavior', setThresholds);
  serve<{ mass: number }>('SetLoad', 'set_load', ({ mass }) => {
    if (mass === 0) return;
    throw new InputError(`the mass is ${mass} kg; expected 0: the simulation compensates no load`);
  });
  serve<{ transformation: Float64Array }>('SetTCPFrame', 'set_tcp_frame', ({ transformation }) =>
    requireIdentity(transformation, "the tool centre point is that of Franka's hand"),
  );
  serve<{ transformation: Float64Array }>('SetStiffnessFrame', 'set_stiffness_frame', ({ transformation }) =>
    requireIdentity(transformation, 'the stiffness frame is that of the tool'),
  );
}

/** @param transformation a 4 x 4 matrix, column by column */
function requireIdentity(transformation: Float64Array, why: string): void {
  const identity = transformation.every((value, place) => Math.abs(value - (place % 5 === 0 ? 1 : 0)) < 1e-9);
  if (!identity) throw new InputError(`the transformation is not the identity; expected that: ${why}`);
}
