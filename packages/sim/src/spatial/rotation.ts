/** Quaternions are (w, x, y, z), rotation matrices row-major with nine numbers, rotation vectors axis times angle. */
export type Quaternion = readonly [w: number, x: number, y: number, z: number];

/** Rotation by an angle about a unit axis. */
export function axisAngle(axis: readonly [number, number, number], angleRad: number): Quaternion {
  const sine = Math.sin(angleRad / 2);
  return [Math.cos(angleRad / 2), axis[0] * sine, axis[1] * sine, axis[2] * sine];
}

/** The rotation that is first `b`, then `a`. */
export function multiply(a: Quaternion, b: Quaternion): Quaternion {
  const [aw, ax, ay, az] = a;
  const [bw, bx, by, bz] = b;
  return [
    aw * bw - ax * bx - ay * by - az * bz,
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
  ];
}

/** Fixed-axis roll, pitch and yaw as URDF writes them: first about x, then y, then z. */
export function fromRollPitchYaw(roll: number, pitch: number, yaw: number): Quaternion {
  return multiply(axisAngle([0, 0, 1], yaw), multiply(axisAngle([0, 1, 0], pitch), axisAngle([1, 0, 0], roll)));
}

/** Writes the rotation matrix of a unit quaternion. */
export function quaternionToMatrix([w, x, y, z]: Quaternion, out: Float64Array): void {
  out[0] = 1 - 2 * (y * y + z * z);
  out[1] = 2 * (x * y - w * z);
  out[2] = 2 * (x * z + w * y);
  out[3] = 2 * (x * y + w * z);
  out[4] = 1 - 2 * (x * x + z * z);
  out[5] = 2 * (y * z - w * x);
  out[6] = 2 * (x * z - w * y);
  out[7] = 2 * (y * z + w * x);
  out[8] = 1 - 2 * (x * x + y * y);
}

/** The unit quaternion of a rotation matrix, with w >= 0 (Shepperd's method). */
export function matrixToQuaternion(m: ArrayLike<number>): Quaternion {
  const [m00, m01, m02] = [m[0]!, m[1]!, m[2]!];
  const [m10, m11, m12] = [m[3]!, m[4]!, m[5]!];
  const [m20, m21, m22] = [m[6]!, m[7]!, m[8]!];
  const trace = m00 + m11 + m22;
  let quaternion: Quaternion;
  if (trace > Math.max(m00, m11, m22)) {
    quaternion = [1 + trace, m21 - m12, m02 - m20, m10 - m01];
  } else if (m00 >= m11 && m00 >= m22) {
    quaternion = [m21 - m12, 1 + m00 - m11 - m22, m01 + m10, m02 + m20];
  } else if (m11 >= m22) {
    quaternion = [m02 - m20, m01 + m10, 1 - m00 + m11 - m22, m12 + m21];
  } else {
    quaternion = [m10 - m01, m02 + m20, m12 + m21, 1 - m00 - m11 + m22];
  }
  const [w, x, y, z] = quaternion;
  const scale = (w < 0 ? -1 : 1) / Math.hypot(w, x, y, z);
  return [w * scale, x * scale, y * scale, z * scale];
}

/** The quaternion of a rotation vector. */
export function fromRotationVector(x: number, y: number, z: number): Quaternion {
  const angle = Math.hypot(x, y, z);
  // sin(angle / 2) / angle, by its series where the quotient is ill-conditioned.
  const factor = angle < 1e-6 ? 0.5 - (angle * angle) / 48 : Math.sin(angle / 2) / angle;
  return [Math.cos(angle / 2), x * factor, y * factor, z * factor];
}

/** The rotation vector, of length at most pi, of a unit quaternion. */
export function toRotationVector([w, x, y, z]: Quaternion): [number, number, number] {
  const sine = Math.hypot(x, y, z);
  const angle = 2 * Math.atan2(sine, Math.abs(w));
  const factor = (sine < 1e-9 ? 2 : angle / sine) * (w < 0 ? -1 : 1);
  return [x * factor, y * factor, z * factor];
}

/** The inverse of a unit quaternion. */
export function conjugate([w, x, y, z]: Quaternion): Quaternion {
  return [w, -x, -y, -z];
}

/** Turns a vector by a unit quaternion. */
export function rotate([w, x, y, z]: Quaternion, vector: ArrayLike<number>): [number, number, number] {
  const [vx, vy, vz] = [vector[0]!, vector[1]!, vector[2]!];
  const tx = 2 * (y * vz - z * vy);
  const ty = 2 * (z * vx - x * vz);
  const tz = 2 * (x * vy - y * vx);
  return [vx + w * tx + y * tz - z * ty, vy + w * ty + z * tx - x * tz, vz + w * tz + x * ty - y * tx];
}
