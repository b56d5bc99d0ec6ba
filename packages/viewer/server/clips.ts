import type { ClipReference, Scene } from '@rapport/core';

/** A clip as an annotator may see it: how it moves and looks, never what it is worth or who acted. */
export interface ServedClip {
  /** Number of frames T. */
  readonly frames: number;
  /** Frames per second of the recording. */
  readonly fps: number;
  /** Bodies, and poses of shape [T, poseTrackWidth(scene)]; null when the recording cannot be redrawn. */
  readonly redraw: { readonly scene: Scene; readonly poses: Float32Array } | null;
  readonly hasPictures: boolean;
}

/** Where the viewer gets clips from. */
export interface ClipSource {
  /** @throws CorruptDataError or InputError when there is no such clip or it cannot be read */
  clip(reference: ClipReference): Promise<ServedClip>;
  /** PNG files of frames `from` (included) to `to` (excluded), counted from the start of the clip. */
  pictures(reference: ClipReference, from: number, to: number): Promise<Uint8Array[]>;
}
