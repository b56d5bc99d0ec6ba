import type { JointTrajectoryControllerState } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import { qosProfiles } from '../graph/qos.js';

/** An arm that rests within this is at the place where its controller holds it, rad. */
const CONTROLLER_OFFSET = 0.1;

/** Where a joint trajectory controller holds the arm, which is where the first setpoint has to be. */
export class ControllerReference {
  #positions: Float64Array | undefined;

  /** @param holds whether the controller holds the arm now, and follows nothing */
  constructor(node: RosNode, controller: string, joints: readonly string[], holds: () => boolean) {
    node.subscribe<JointTrajectoryControllerState>(
      'control_msgs/msg/JointTrajectoryControllerState',
      `${controller}/controller_state`,
      qosProfiles.newest,
      ({ joint_names, reference }) => {
        if (!holds()) return;
        const order = joints.map((joint) => joint_names.indexOf(joint));
        const positions = Float64Array.from(order, (place) => reference.positions[place] ?? Number.NaN);
        this.#positions = positions.every(Number.isFinite) ? positions : undefined;
      },
    );
  }

  /** That place, rad, where the arm rests there; undefined when it does not, or nobody tells. */
  near(measured: ArrayLike<number>): Float64Array | undefined {
    const positions = this.#positions;
    return positions?.every((value, joint) => Math.abs(value - measured[joint]!) < CONTROLLER_OFFSET) === true
      ? positions
      : undefined;
  }
}
