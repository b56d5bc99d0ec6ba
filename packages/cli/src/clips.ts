import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ClipReference, InputError, poseTrackWidth } from '@rapport/core';
import type { PrivilegedDataset } from '@rapport/data';
import type { ClipSource } from '@rapport/viewer';
import { encode as encodePng } from 'fast-png';

/**
 * The dataset that a path names: the folder itself, or `dataset` in the folder of a run.
 */
export function datasetFolder(path: string): string {
  const inside = join(path, 'dataset');
  return !existsSync(join(path, 'meta')) && existsSync(inside) ? inside : path;
}

/** Every episode of a dataset as a clip, whole. */
export function wholeEpisodes({ dataset }: PrivilegedDataset): ClipReference[] {
  return dataset.episodes.map(({ index, length }) => ({ dataset: dataset.id, episode: index, start: 0, end: length }));
}

/** Clips of one dataset for the viewer: poses to redraw where the dataset has them, and its recorded pictures. */
export function datasetClips({ dataset, readPrivileged }: PrivilegedDataset): ClipSource {
  const camera = dataset.cameras[0];
  const check = (clip: ClipReference) => {
    const { length, seed } = dataset.episode(clip.episode);
    if (clip.dataset !== dataset.id || clip.start < 0 || clip.start >= clip.end || clip.end > length) {
      throw new InputError(
        `clip ${clip.dataset} episode ${clip.episode}, frames ${clip.start} to ${clip.end}, is not in ${dataset.id}`,
      );
    }
    return { canRedraw: seed >= 0 };
  };
  return {
    async clip(clip) {
      const { canRedraw } = check(clip);
      const frames = clip.end - clip.start;
      const common = { frames, fps: dataset.info.fps, hasPictures: camera !== undefined };
      // Datasets of other programs have no poses.
      if (!canRedraw) return { ...common, redraw: null };
      const { scene, poses } = await readPrivileged(clip.episode);
      const width = poseTrackWidth(scene);
      return { ...common, redraw: { scene, poses: poses.slice(clip.start * width, clip.end * width) } };
    },
    async pictures(clip, from, to) {
      check(clip);
      if (camera === undefined) throw new InputError(`dataset ${dataset.id} has no pictures`);
      const range = { start: clip.start + from, end: clip.start + to };
      const { width, height, data } = await dataset.readFrames(clip.episode, camera.camera, range);
      const size = width * height * 3;
      return Array.from({ length: to - from }, (_, frame) =>
        encodePng({ width, height, channels: 3, data: data.subarray(frame * size, (frame + 1) * size) }),
      );
    },
  };
}
