/** The arm's quantities as tasks and their policies know them. Arrays are borrowed and change with the next step. */
export interface ArmState {
  /** Joint positions, rad, shape [7]. */
  readonly jointPositions: Float64Array;
  /** Joint velocities, rad/s, shape [7]. */
  readonly jointVelocities: Float64Array;
  /** The point between the fingertips (tool centre point), in the world, metres, shape [3]. */
  readonly tcpPosition: Float64Array;
  /** worldFromTcp, row-major, shape [9]; with the hand pointing down z is (0, 0, -1) and y is the fingers' axis. */
  readonly tcpRotation: Float64Array;
  /** Distance between the fingers, metres, 0 to `maxGripperWidth`. */
  readonly gripperWidth: number;
  readonly maxGripperWidth: number;
  /** Tips of the two fingers in the world, metres, shape [3] each. */
  readonly fingertips: readonly [Float64Array, Float64Array];
  /** For `start` only: puts the joints somewhere, at rest. */
  placeJoints(positions: ArrayLike<number>): void;
  /**
   * For `start` only: puts the tool centre point somewhere, at rest, by inverse kinematics from home.
   * @param position in the world, metres
   * @param yawRad turn of the downward hand about the world's z axis from its orientation at home
   * @throws InputError when the arm cannot reach it
   */
  placeTcp(position: ArrayLike<number>, yawRad?: number): void;
  /** For `start` only: opens the gripper to a width, metres. */
  placeGripper(width: number): void;
}
