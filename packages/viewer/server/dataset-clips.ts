import {
  type ClipReference,
  CorruptDataError,
  type FrameStack,
  InputError,
  type PrivilegedTrack,
  poseTrackWidth,
} from '@rapport/core';
import { openPrivilegedDataset, type PrivilegedDataset } from '@rapport/data';
import { type EventKind, eventKinds } from '../protocol/index.js';
import type { ClipEvent, ClipSource } from './clips.js';
import { firstContact, graspAndRelease } from './events.js';
import { pictureFile } from './picture-file.js';

/** Decoded pictures that are kept, in bytes: they are asked for in pieces, and a video is decoded once for all of them. */
const keptBytes = 512e6;

/** Every episode of a dataset as a clip, whole. */
export function wholeEpisodes({ dataset }: PrivilegedDataset): ClipReference[] {
  return dataset.episodes.map(({ index, length }) => ({ dataset: dataset.id, episode: index, start: 0, end: length }));
}

/**
 * Clips of one dataset. What leaves it is scene, poses, pictures, and events that are told from poses and the width of the
 * gripper; scores, success and the name of the policy stay behind.
 */
export function datasetClips(recording: PrivilegedDataset): ClipSource {
  const { dataset, readPrivileged } = recording;
  const cameras = dataset.cameras.map(({ camera }) => camera);
  const stacks = new Map<string, Promise<FrameStack>>();

  const frameStack = (clip: ClipReference, camera: string): Promise<FrameStack> => {
    const key = `${clip.episode}/${clip.start}-${clip.end}/${camera}`;
    const stack = stacks.get(key) ?? dataset.readFrames(clip.episode, camera, clip);
    // Set again, so that the order of the map is the order of use.
    stacks.delete(key);
    stacks.set(key, stack);
    stack.then(forgetOldest, () => stacks.delete(key));
    return stack;
  };
  const forgetOldest = ({ data }: FrameStack) => {
    const most = Math.max(1, Math.floor(keptBytes / data.length));
    for (const key of [...stacks.keys()].slice(0, -most)) stacks.delete(key);
  };

  return {
    async clip(clip) {
      checkClip(dataset, clip);
      const common = { frames: clip.end - clip.start, fps: dataset.info.fps, cameras };
      // Datasets that another program wrote have no seeds, scenes or poses.
      const track = dataset.episode(clip.episode).seed < 0 ? undefined : await readPrivileged(clip.episode);
      const events = await eventsOf(dataset, clip, track);
      if (track === undefined) return { ...common, events, redraw: null };
      const { scene, poses } = track;
      // A robot's recording does not know where things were: there is nothing to draw beside the pictures.
      if (scene.bodies.length === 0) return { ...common, events, redraw: null };
      const width = poseTrackWidth(scene);
      return { ...common, events, redraw: { scene, poses: poses.subarray(clip.start * width, clip.end * width) } };
    },
    async pictures(clip, camera, from, to) {
      checkClip(dataset, clip);
      const { width, height, data } = await frameStack(clip, camera);
      const size = width * height * 3;
      return Array.from({ length: to - from }, (_, index) => {
        return pictureFile(width, height, data.subarray((from + index) * size, (from + index + 1) * size));
      });
    },
  };
}

/** What happens in a clip, found in its whole episode. */
async function eventsOf(
  dataset: PrivilegedDataset['dataset'],
  { episode, start, end }: ClipReference,
  track: Pick<PrivilegedTrack, 'scene' | 'poses'> | undefined,
): Promise<ClipEvent[]> {
  const { entries } = dataset.observationSpace;
  const [width, target] = ['gripper_width', 'gripper_target'].map((name) => entries.findIndex((e) => e.name === name));
  let gripper: ReturnType<typeof graspAndRelease> | undefined;
  if (width! >= 0) {
    const { observations, length } = await dataset.readEpisode(episode, { frames: false });
    const column = (entry: number) =>
      Float32Array.from({ length }, (_, step) => observations[step * entries.length + entry]!);
    gripper = graspAndRelease(column(width!), target! < 0 ? undefined : column(target!));
  }
  const moved = track && firstContact(track.scene, track.poses);
  const found: Record<EventKind, number | undefined> = {
    // Fingers that close on something touch it before they move it.
    contact: moved === undefined ? undefined : Math.min(moved, gripper?.grasp ?? moved),
    grasp: gripper?.grasp,
    release: gripper?.release,
  };
  return eventKinds.flatMap((kind) => {
    const frame = found[kind];
    return frame !== undefined && frame >= start && frame < end ? [{ kind, frame: frame - start }] : [];
  });
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
    pictures: async (clip, camera, from, to) => (await clipsWith(clip)).pictures(clip, camera, from, to),
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
