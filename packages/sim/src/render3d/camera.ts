import type { ImageSize, Vector3 } from '@rapport/core';
import { InputError } from '@rapport/core';

/**
 * A pinhole camera without distortion, in OpenCV's conventions: x to the right, y down, z forward; the centre of the
 * top left pixel is (0, 0). A point (x, y, z) in the camera's frame is seen at column `fx x / z + cx`, row
 * `fy y / z + cy`.
 */
export interface Intrinsics {
  /** Focal lengths, pixels. */
  readonly fx: number;
  readonly fy: number;
  /** Principal point, pixels. */
  readonly cx: number;
  readonly cy: number;
}

/** Where a camera is: `pointInWorld = rotation * pointInCamera + position`. */
export interface CameraPose {
  /** Metres, world frame, shape [3]. */
  readonly position: Float64Array;
  /** worldFromCamera, row-major, shape [3, 3]; its columns are the camera's right, down and forward. */
  readonly rotation: Float64Array;
}

/**
 * The camera whose pictures of `size` span `fovYDeg` from the top edge to the bottom edge, with square pixels and the
 * principal point in the middle.
 */
export function intrinsicsFromFovY(fovYDeg: number, { width, height }: ImageSize): Intrinsics {
  if (!(fovYDeg > 0 && fovYDeg < 180)) {
    throw new InputError(`vertical field of view is ${fovYDeg} degrees; expected more than 0 and less than 180`);
  }
  const focal = height / 2 / Math.tan((fovYDeg * Math.PI) / 360);
  return { fx: focal, fy: focal, cx: (width - 1) / 2, cy: (height - 1) / 2 };
}

/** The matrix K of OpenCV and ROS's camera_info, row-major, shape [3, 3]. */
export function intrinsicMatrix({ fx, fy, cx, cy }: Intrinsics): Float64Array {
  return Float64Array.of(fx, 0, cx, 0, fy, cy, 0, 0, 1);
}

/**
 * A camera at `position` (metres, world) that looks at `target` with the world's z up in the picture; one that looks
 * straight up or down has the world's y up in the picture.
 */
export function lookAt(position: Vector3, target: Vector3): CameraPose {
  const forward = normalised([target[0] - position[0], target[1] - position[1], target[2] - position[2]]);
  if (!Number.isFinite(forward[0])) {
    throw new InputError(`camera at ${position.join(', ')} looks at its own place; expected another target`);
  }
  const up: Vector3 = Math.hypot(forward[0], forward[1]) < 1e-9 ? [0, 1, 0] : [0, 0, 1];
  const right = normalised(cross(forward, up));
  const down = cross(forward, right);
  const rotation = new Float64Array(9);
  for (let axis = 0; axis < 3; axis++) {
    rotation[3 * axis] = right[axis]!;
    rotation[3 * axis + 1] = down[axis]!;
    rotation[3 * axis + 2] = forward[axis]!;
  }
  return { position: Float64Array.from(position), rotation };
}

/**
 * Brings the pose of a camera of MuJoCo's (which looks along its -z, with +y up in the picture: `cam_xpos`,
 * `cam_xmat`), or of a body or site that is meant so, into OpenCV's axes.
 * @param start number of the camera in the arrays
 * @param out pose to write into
 */
export function readMujocoCamera(
  positions: Float64Array,
  rotations: Float64Array,
  start: number,
  out: CameraPose,
): CameraPose {
  for (let axis = 0; axis < 3; axis++) {
    const row = 9 * start + 3 * axis;
    out.position[axis] = positions[3 * start + axis]!;
    out.rotation[3 * axis] = rotations[row]!;
    out.rotation[3 * axis + 1] = -rotations[row + 1]!;
    out.rotation[3 * axis + 2] = -rotations[row + 2]!;
  }
  return out;
}

/** A pose to be filled in. */
export function makeCameraPose(): CameraPose {
  return { position: new Float64Array(3), rotation: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) };
}

function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function normalised([x, y, z]: Vector3): Vector3 {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}
