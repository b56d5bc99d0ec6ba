import type { FixedCamera } from '../task.js';

/** A nearer view of the table's middle, for tasks with one small thing: how it is held must be seen. */
export const closeCamera: FixedCamera = {
  name: 'front',
  position: [0.98, 0.42, 0.45],
  target: [0.46, 0, 0.1],
  fovYDeg: 40,
};
