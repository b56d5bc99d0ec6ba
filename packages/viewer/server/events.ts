import { poseTrackWidth, poseWidth, type Scene, type SceneBody } from '@rapport/core';

/** An object has been moved when it is this far from where it was, metres, or turned by this, radians. */
const moved = { metres: 0.005, rad: 0.05 } as const;
/** An object is at rest when it moves and turns by less than this from frame to frame, twice in a row. */
const resting = { metres: 0.001, rad: 0.01 } as const;

/**
 * The first contact, told by what it does: the first frame at which something that the robot is there to move is no longer
 * where it came to rest at the start. A touch that moves nothing is none. Undefined when nothing is moved, and for scenes
 * that do not say what their objects are.
 * @param poses shape [frames, poseTrackWidth(scene)]
 */
export function firstContact(scene: Scene, poses: Float32Array): number | undefined {
  const width = poseTrackWidth(scene);
  const frames = poses.length / width;
  let first: number | undefined;
  let at = 0;
  for (const body of scene.bodies) {
    if (body.role === 'object') {
      const place = at;
      const differs = (from: number, to: number, by: Change) =>
        hasMoved(body, poses, from * width + place, to * width + place, by);
      first = Math.min(first ?? frames, firstMove(frames, differs) ?? frames);
    }
    at += poseWidth(body);
  }
  return first === undefined || first >= frames ? undefined : first;
}

/** How far something moves and turns. */
interface Change {
  readonly metres: number;
  readonly rad: number;
}

/** @param differs whether the object's pose differs between two frames by more than a change */
function firstMove(frames: number, differs: (from: number, to: number, by: Change) => boolean): number | undefined {
  // Things that start a little above the table, or are soft, settle first.
  let rest = 0;
  while (rest + 2 < frames && (differs(rest, rest + 1, resting) || differs(rest + 1, rest + 2, resting))) rest += 1;
  for (let frame = rest + 1; frame < frames; frame++) if (differs(rest, frame, moved)) return frame;
  return undefined;
}

function hasMoved(body: SceneBody, poses: Float32Array, from: number, to: number, by: Change): boolean {
  switch (body.pose) {
    case 'fixed':
      return false;
    case 'planar': {
      const away = Math.hypot(poses[to]! - poses[from]!, poses[to + 1]! - poses[from + 1]!);
      return away > by.metres || Math.abs(poses[to + 2]! - poses[from + 2]!) > by.rad;
    }
    case 'rigid': {
      // The angle between two unit quaternions is twice the arc cosine of their product.
      let product = 0;
      for (let part = 3; part < 7; part++) product += poses[from + part]! * poses[to + part]!;
      return distance(poses, from, to) > by.metres || 2 * Math.acos(Math.min(1, Math.abs(product))) > by.rad;
    }
    case 'vertices': {
      const count = poseWidth(body) / 3;
      let sum = 0;
      for (let vertex = 0; vertex < count; vertex++) sum += distance(poses, from + 3 * vertex, to + 3 * vertex);
      return sum / count > by.metres;
    }
  }
}

function distance(poses: Float32Array, from: number, to: number): number {
  return Math.hypot(poses[to]! - poses[from]!, poses[to + 1]! - poses[from + 1]!, poses[to + 2]! - poses[from + 2]!);
}

/** A gripper has closed, or opened, when its width has changed by this, metres. */
const CLOSED_METRES = 0.005;
/** Slower than this from frame to frame, metres, fingers stand still. */
const STILL_METRES = 0.0005;
/** Fingers that are closer than this hold nothing, metres. */
const EMPTY_METRES = 0.001;
/** So much closer than they are fingers must be told to come, metres, when they press on something. */
const PRESSING_METRES = 0.002;

/**
 * Grasp and release, told by the gripper's width. Grasp: the first frame at which the fingers, having closed, stand still
 * for two frames without meeting, though they are told to come closer. Release: the first frame after it at which they are
 * open wider again.
 * @param widths distance between the fingers at every frame, metres
 * @param targets the distance that they were told to take; where it is not known, standing still decides
 */
export function graspAndRelease(
  widths: ArrayLike<number>,
  targets: ArrayLike<number> | undefined,
): { readonly grasp: number | undefined; readonly release: number | undefined } {
  let widest = widths[0] ?? 0;
  let grasp: number | undefined;
  for (let frame = 1; frame + 1 < widths.length && grasp === undefined; frame++) {
    const width = widths[frame]!;
    widest = Math.max(widest, width);
    const isStill =
      Math.abs(width - widths[frame - 1]!) < STILL_METRES && Math.abs(widths[frame + 1]! - width) < STILL_METRES;
    const isPressing = targets === undefined || targets[frame]! < width - PRESSING_METRES;
    if (widest - width > CLOSED_METRES && width > EMPTY_METRES && isStill && isPressing) grasp = frame;
  }
  if (grasp === undefined) return { grasp, release: undefined };
  for (let frame = grasp + 1; frame < widths.length; frame++) {
    if (widths[frame]! - widths[grasp]! > CLOSED_METRES) return { grasp, release: frame };
  }
  return { grasp, release: undefined };
}
