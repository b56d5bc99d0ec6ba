import { standardizationOf, writeStandardized } from './training/standardization.js';
import { type FeatureVideo, spreadFrames } from './videos.js';

/**
 * How different videos look, before anybody has said what counts: the mean over as many moments, spread evenly over each
 * video, of the distance between the features of the two pictures, with each feature standardised over all videos and the
 * distance divided by the square root of their number. 0 for equal videos, about 1.4 for pictures that have nothing in common.
 * @param moments of each video that are compared
 * @returns the difference of two videos by their place in `videos`
 */
export function videoDifferences(
  videos: readonly FeatureVideo[],
  moments: number,
): (first: number, second: number) => number {
  const standardization = standardizationOf(videos);
  const width = standardization.mean.length;
  const thin = videos.map((video) => {
    const out = new Float32Array(moments * width);
    writeStandardized(video, spreadFrames(video.frames, moments), standardization, out, 0);
    return out;
  });
  return (first, second) => {
    const [a, b] = [thin[first]!, thin[second]!];
    let total = 0;
    for (let moment = 0; moment < moments; moment++) {
      let squared = 0;
      for (let at = moment * width; at < (moment + 1) * width; at++) squared += (a[at]! - b[at]!) ** 2;
      total += Math.sqrt(squared / width);
    }
    return total / moments;
  };
}
