import type { FixedCamera } from './task.js';

/** The view that tasks on a table in front of the arm share: from before the arm's left, down to the table's middle. */
export const frontCamera: FixedCamera = {
  name: 'front',
  position: [1.4, 0.7, 0.85],
  target: [0.32, -0.02, 0.2],
  fovYDeg: 45,
};
