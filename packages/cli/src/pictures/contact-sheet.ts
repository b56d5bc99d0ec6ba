import { episodeScore } from '@rapport/core';
import { openPrivilegedDataset, type RgbImage } from '@rapport/data';
import { composeSheet, halvePicture, type Tile } from './sheet.js';

/** Most episodes on a sheet; of more, these are taken evenly from first to last. */
const ROWS = 12;

/** Pictures of an episode, evenly from its first to its last. */
const COLUMNS = 8;

/** Pictures are shown between these widths, pixels, whatever their recorded size. */
const NARROWEST = 96;
const WIDEST = 192;

/**
 * The rollouts of a dataset at a glance: a row per episode, by its first camera; below its first picture who acted, the
 * episode's score and whether it succeeded, below the others the time.
 * @returns undefined when the dataset has no pictures or no episodes
 * @throws UnavailableError when the pictures are a video and ffmpeg is missing
 */
export async function contactSheet(directory: string): Promise<RgbImage | undefined> {
  const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
  const camera = dataset.cameras[0];
  if (camera === undefined || dataset.episodes.length === 0) return undefined;
  const tiles: Tile[] = [];
  for (const index of spread(dataset.episodes.length, Math.min(ROWS, dataset.episodes.length))) {
    const { policy, length } = dataset.episode(index);
    const track = await readPrivileged(index);
    const { width, height, data } = await dataset.readFrames(index, camera.camera);
    const size = 3 * width * height;
    for (const [column, frame] of spread(length, COLUMNS).entries()) {
      const picture = { width, height, data: data.subarray(size * frame, size * (frame + 1)) };
      const label =
        column === 0
          ? `${index}: ${policy} score ${episodeScore(track).toFixed(2)} ${track.success ? 'success' : 'failure'}`
          : `${(frame / dataset.info.fps).toFixed(1)} s`;
      tiles.push({ picture: fit(picture), label });
    }
  }
  return composeSheet(tiles, COLUMNS);
}

/** `count` of the numbers below `total`, from the first to the last; numbers repeat when there are too few. */
function spread(total: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.round((index * (total - 1)) / Math.max(1, count - 1)));
}

/** Halves what is too wide and repeats the pixels of what is too narrow. */
function fit(picture: RgbImage): RgbImage {
  let fitted = picture;
  while (fitted.width > WIDEST) fitted = halvePicture(fitted);
  return fitted.width < NARROWEST ? enlarge(fitted, Math.ceil(NARROWEST / fitted.width)) : fitted;
}

function enlarge({ width, height, data }: RgbImage, times: number): RgbImage {
  const large = { width: width * times, height: height * times, data: new Uint8Array(3 * width * height * times ** 2) };
  for (let row = 0; row < large.height; row++) {
    for (let column = 0; column < large.width; column++) {
      const from = 3 * (Math.floor(row / times) * width + Math.floor(column / times));
      large.data.set(data.subarray(from, from + 3), 3 * (row * large.width + column));
    }
  }
  return large;
}
