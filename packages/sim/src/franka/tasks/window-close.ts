import { slidingWindow, WINDOW_TRAVEL } from '../fixtures/window.js';
import { fixtureTask } from './fixture-task.js';

/** Meta-World's window-close: slide an open window shut, within 5 cm. */
export const windowClose = fixtureTask({
  name: 'window-close',
  summary: 'slide a window shut by its handle (success within 5 cm)',
  fixture: slidingWindow,
  place: { min: [0.66, -0.1], max: [0.7, 0.1] },
  start: [WINDOW_TRAVEL, WINDOW_TRAVEL],
  goal: 0,
  remaining: (handle, goal) => Math.abs(goal[1]! - handle[1]!),
  solvedWithin: 0.05,
});
