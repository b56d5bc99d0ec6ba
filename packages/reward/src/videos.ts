import { type ClipReference, InputError } from '@rapport/core';

/** Encoder features of the frames of a clip. */
export interface FeatureVideo {
  /** Number of frames T. */
  readonly frames: number;
  /** Features of one frame. */
  readonly width: number;
  /** Shape [frames, width]. */
  readonly data: Float32Array;
}

/** Finds the features of a clip; throws an `InputError` for a clip that it does not know. */
export type VideoLookup = (clip: ClipReference) => FeatureVideo;

/** A string that identifies a clip, for maps. */
export function clipKey(clip: ClipReference): string {
  return `${clip.dataset}#${clip.episode}[${clip.start}:${clip.end}]`;
}

/** A lookup in a map from `clipKey` to features. */
export function lookupIn(videos: ReadonlyMap<string, FeatureVideo>): VideoLookup {
  return (clip) => {
    const video = videos.get(clipKey(clip));
    if (video === undefined) throw new InputError(`there are no features for clip ${clipKey(clip)}`);
    return video;
  };
}

/**
 * The pictures of a piece of a clip. A video may hold every n-th frame of its clip alone; then those at the same place, one
 * at least. They share its memory.
 * @param clip steps of the clip that the video shows
 * @param piece steps inside it
 */
export function cutClip(
  video: FeatureVideo,
  clip: Pick<ClipReference, 'start' | 'end'>,
  piece: Pick<ClipReference, 'start' | 'end'>,
): FeatureVideo {
  const perStep = video.frames / (clip.end - clip.start);
  const start = Math.min(video.frames - 1, Math.floor((piece.start - clip.start) * perStep));
  const end = Math.max(start + 1, Math.round((piece.end - clip.start) * perStep));
  return { frames: end - start, width: video.width, data: video.data.subarray(start * video.width, end * video.width) };
}

/** @throws InputError when the array does not have frames x width finite entries or the video has no frame */
export function checkVideo(video: FeatureVideo, width: number, label: string): void {
  if (video.width !== width) throw new InputError(`${label} has ${video.width} features a frame; expected ${width}`);
  if (video.frames < 1 || video.data.length !== video.frames * video.width) {
    throw new InputError(
      `${label} has ${video.data.length} numbers; expected ${video.frames} frames x ${video.width} features`,
    );
  }
  for (let index = 0; index < video.data.length; index++) {
    if (!Number.isFinite(video.data[index]!)) {
      throw new InputError(`${label} has a feature that is not finite (frame ${Math.floor(index / width)})`);
    }
  }
}

/** `count` frame numbers spread evenly over a video of T frames: the middles of `count` equal spans, first to last. */
export function spreadFrames(frames: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) =>
    Math.min(frames - 1, Math.floor(((index + 0.5) * frames) / count)),
  );
}
