import { type FrameStack, type ImageSize, InputError } from '@rapport/core';
import { imagePicture } from '@rapport/data';
import type { Image } from '../graph/messages.js';

/**
 * An image message as a video of one frame, of the size of the videos that the reward was learned from.
 * @throws InputError when it is smaller than that, of an unknown encoding or damaged
 */
export function livePicture(image: Image, camera: string, size: ImageSize): FrameStack {
  const { width, height } = image;
  if (width < size.width || height < size.height) {
    throw new InputError(`its pictures are ${width} x ${height}; expected at least ${size.width} x ${size.height}`, {
      fix: 'raise the resolution of the camera, or give the size that the reward was learned with by --picture',
    });
  }
  return { camera, ...size, data: imagePicture(image, size) };
}
