import { door } from '../fixtures/door.js';
import { fixtureTask } from './fixture-task.js';

/**
 * Meta-World's door-open: pull a door open by a right angle. As there, what counts is how far the handle has come sideways,
 * along the closed door: within 8 cm of where it gets.
 */
export const doorOpen = fixtureTask({
  name: 'door-open',
  summary: 'pull a door open by its handle (success within 8 cm sideways of a right angle)',
  fixture: door,
  place: { min: [0.66, -0.1], max: [0.7, 0.04] },
  start: [0, 0],
  goal: Math.PI / 2,
  remaining: (handle, goal) => Math.abs(goal[1]! - handle[1]!),
  solvedWithin: 0.08,
});
