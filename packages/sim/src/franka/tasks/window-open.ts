import { slidingWindow, WINDOW_TRAVEL } from '../fixtures/window.js';
import { fixtureTask } from './fixture-task.js';

/** Meta-World's window-open: slide a window open by 20 cm, within 5 cm. */
export const windowOpen = fixtureTask({
  name: 'window-open',
  summary: 'slide a window open by its handle (success within 5 cm of 20 cm)',
  fixture: slidingWindow,
  place: { min: [0.66, -0.1], max: [0.7, 0.1] },
  start: [0, 0],
  goal: WINDOW_TRAVEL,
  remaining: (handle, goal) => Math.abs(goal[1]! - handle[1]!),
  solvedWithin: 0.05,
});
