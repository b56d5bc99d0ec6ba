import { poseTrackWidth, type Scene } from '@rapport/core';

/** Poses of a clip: float32, shape [frames, width]. */
export interface PoseTrack {
  readonly frames: number;
  readonly fps: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** @throws RangeError when the bytes are not of shape [frames, poseTrackWidth(scene)] */
export function poseTrack(scene: Scene, bytes: Uint8Array, frames: number, fps: number): PoseTrack {
  const width = poseTrackWidth(scene);
  if (bytes.byteLength !== frames * width * 4) {
    throw new RangeError(`poses have ${bytes.byteLength} bytes; expected ${frames * width * 4}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float32Array(frames * width);
  for (let index = 0; index < data.length; index++) data[index] = view.getFloat32(index * 4, true);
  return { frames, fps, width, data };
}

/** A moment of a clip: the frame before it, and how far it is on the way to the next, in [0, 1). */
export interface Moment {
  readonly frame: number;
  readonly fraction: number;
}

/** After its end a clip stays on its last frame. */
export function momentAt({ frames, fps }: { frames: number; fps: number }, timeSecs: number): Moment {
  // The small number keeps a time that stands exactly on a frame from being rounded to the frame before.
  const position = Math.max(0, timeSecs * fps + 1e-6);
  const frame = Math.floor(position);
  if (frame >= frames - 1) return { frame: frames - 1, fraction: 0 };
  const fraction = position - frame;
  return { frame, fraction: fraction < 1e-5 ? 0 : fraction };
}

/** Between two angles along the shorter way round, in radians. */
export function mixAngles(fromRad: number, toRad: number, fraction: number): number {
  const turn = (toRad - fromRad) % (2 * Math.PI);
  const shorter = turn > Math.PI ? turn - 2 * Math.PI : turn < -Math.PI ? turn + 2 * Math.PI : turn;
  return fromRad + shorter * fraction;
}
