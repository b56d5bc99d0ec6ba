import type { ClipReference, Scene } from '@rapport/core';
import type { EventKind } from '../protocol/index.js';

/** Something that happens in a clip, by which clips can be aligned. */
export interface ClipEvent {
  readonly kind: EventKind;
  /** Counted from the start of the clip. */
  readonly frame: number;
}

/** A clip as an annotator may see it: how it moves and looks, never what it is worth or who acted. */
export interface ServedClip {
  /** Number of frames T. */
  readonly frames: number;
  /** Frames per second of the recording. */
  readonly fps: number;
  /**
   * Bodies, and poses of shape [T, poseTrackWidth(scene)]; null when the recording cannot be redrawn. Clips of one scene
   * give the same object, so that it travels once.
   */
  readonly redraw: { readonly scene: Scene; readonly poses: Float32Array } | null;
  /** Names of the cameras of which there are pictures; shown with them. */
  readonly cameras: readonly string[];
  /** One of each kind at most. */
  readonly events: readonly ClipEvent[];
}

/** Where the viewer gets clips from. */
export interface ClipSource {
  /** @throws CorruptDataError or InputError when there is no such clip or it cannot be read */
  clip(reference: ClipReference): Promise<ServedClip>;
  /** PNG files of one camera's frames `from` (included) to `to` (excluded), counted from the start of the clip. */
  pictures(reference: ClipReference, camera: string, from: number, to: number): Promise<Uint8Array[]>;
}
