import { describe, expect, it } from 'vitest';
import { livePicture } from './live-picture.js';

const image = (encoding: string) => ({
  header: { stamp: { sec: 1, nanosec: 0 }, frame_id: '' },
  width: 4,
  height: 2,
  encoding,
  is_bigendian: 0,
  step: 12,
  data: Uint8Array.from({ length: 24 }, (_, byte) => byte),
});

describe('live picture', () => {
  it('is a video of one frame, the middle of a wider picture', () => {
    const picture = livePicture(image('rgb8'), 'front', { width: 2, height: 2 });
    expect(picture).toMatchObject({ camera: 'front', width: 2, height: 2 });
    expect([...picture.data]).toEqual([3, 4, 5, 6, 7, 8, 15, 16, 17, 18, 19, 20]);
  });

  it('refuses pictures with less than the reward was learned from, and unknown encodings', () => {
    const large = { width: 3, height: 3 };
    expect(() => livePicture(image('rgb8'), 'front', large)).toThrow('its pictures are 4 x 2; expected at least 3 x 3');
    const small = { width: 2, height: 2 };
    expect(() => livePicture(image('yuv422'), 'front', small)).toThrow(
      'its encoding is "yuv422"; expected one of rgb8',
    );
  });
});
