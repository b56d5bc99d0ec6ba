import type { FixedCamera } from './task.js';

/** The view that tasks on a table in front of the arm share: from before the arm's left, down to the table's middle. */
export const frontCamera: FixedCamera = {
  name: 'front',
  position: [1.35, 0.65, 0.75],
  target: [0.4, 0, 0.15],
  fovYDeg: 45,
};
