import { type ClipReference, CorruptDataError, type FrameStack, InputError, poseTrackWidth } from '@rapport/core';
import { openPrivilegedDataset, type PrivilegedDataset } from '@rapport/data';
import { encode as encodePng } from 'fast-png';
import type { ClipSource } from './clips.js';

/** Decoded clips that are kept: pictures are asked for in pieces, and a video is decoded once for all of them. */
const keptStacks = 6;

/** Every episode of a dataset as a clip, whole. */
export function wholeEpisodes({ dataset }: PrivilegedDataset): ClipReference[] {
  return dataset.episodes.map(({ index, length }) => ({ dataset: dataset.id, episode: index, start: 0, end: length }));
}

/**
 * Clips of one dataset. What leaves it is scene, poses and the pictures of the first camera; scores, success and the
 * name of the policy stay behind.
 */
export function datasetClips({ dataset, readPrivileged }: PrivilegedDataset): ClipSource {
  const camera = dataset.cameras[0];
  const stacks = new Map<string, Promise<FrameStack>>();

  const frameStack = (clip: ClipReference, cameraName: string): Promise<FrameStack> => {
    const key = `${clip.episode}/${clip.start}-${clip.end}`;
    const stack = stacks.get(key) ?? dataset.readFrames(clip.episode, cameraName, clip);
    // Set again, so that the order of the map is the order of use.
    stacks.delete(key);
    stacks.set(key, stack);
    stack.catch(() => stacks.delete(key));
    if (stacks.size > keptStacks) stacks.delete(stacks.keys().next().value!);
    return stack;
  };

  return {
    async clip(clip) {
      checkClip(dataset, clip);
      const common = { frames: clip.end - clip.start, fps: dataset.info.fps, hasPictures: camera !== undefined };
      // Datasets that another program wrote have no seeds, scenes or poses.
      if (dataset.episode(clip.episode).seed < 0) return { ...common, redraw: null };
      const { scene, poses } = await readPrivileged(clip.episode);
      const width = poseTrackWidth(scene);
      return { ...common, redraw: { scene, poses: poses.subarray(clip.start * width, clip.end * width) } };
    },
    async pictures(clip, from, to) {
      checkClip(dataset, clip);
      if (camera === undefined) throw new InputError(`dataset ${dataset.id} has no pictures`);
      const { width, height, data } = await frameStack(clip, camera.camera);
      const size = width * height * 3;
      return Array.from({ length: to - from }, (_, index) => {
        const picture = data.subarray((from + index) * size, (from + index + 1) * size);
        // Small files matter less than a fast server: the page is on the same machine or near.
        return encodePng({ width, height, channels: 3, data: picture }, { zlib: { level: 1 } });
      });
    },
  };
}

/**
 * Clips of a dataset that is still being written: it is opened again when a clip is of an episode that was not there.
 * Episodes can be asked for as soon as the writer's `append` has resolved.
 * @param directory the dataset's folder, which must be there when the first clip is asked for
 */
export function growingDatasetClips(directory: string): ClipSource {
  interface Opened {
    readonly episodes: number;
    readonly clips: ClipSource;
  }
  const open = async (): Promise<Opened> => {
    // The writer may be gathering its files at this very moment; then they are whole at the second try.
    const recording = await openPrivilegedDataset(directory).catch((error) => {
      if (!(error instanceof CorruptDataError)) throw error;
      return openPrivilegedDataset(directory);
    });
    return { episodes: recording.dataset.episodes.length, clips: datasetClips(recording) };
  };
  let current: Promise<Opened> | undefined;
  const clipsWith = async ({ episode }: ClipReference): Promise<ClipSource> => {
    current ??= open();
    try {
      const known = current;
      // The clips of a query are asked for together; the first that is new opens the dataset for all.
      if (episode >= (await known).episodes && current === known) current = open();
      return (await current).clips;
    } catch (error) {
      current = undefined;
      throw error;
    }
  };
  return {
    clip: async (clip) => (await clipsWith(clip)).clip(clip),
    pictures: async (clip, from, to) => (await clipsWith(clip)).pictures(clip, from, to),
  };
}

function checkClip(dataset: PrivilegedDataset['dataset'], { dataset: id, episode, start, end }: ClipReference): void {
  if (id !== dataset.id) throw new InputError(`a clip of dataset ${id} is asked for; this is dataset ${dataset.id}`);
  const { length } = dataset.episode(episode);
  if (start >= 0 && start < end && end <= length) return;
  throw new InputError(
    `frames ${start} to ${end} of episode ${episode} of dataset ${id} do not exist; it has frames 0 to ${length}`,
  );
}
