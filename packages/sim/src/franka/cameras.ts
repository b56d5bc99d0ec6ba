import type { FixedCamera } from './task.js';

/** The view that tasks on a table in front of the arm share: from before the arm's left, down to the table's middle. */
export const frontCamera: FixedCamera = {
  name: 'front',
  position: [1.2, 0.55, 0.7],
  target: [0.4, 0, 0.14],
  fovYDeg: 45,
};
