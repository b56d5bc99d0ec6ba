import { door } from '../fixtures/door.js';
import { fixtureTask } from './fixture-task.js';

/** Meta-World's door-close: push a door that stands open by about a right angle shut, within 8 cm of the handle's place. */
export const doorClose = fixtureTask({
  name: 'door-close',
  summary: 'push a door shut (success within 8 cm)',
  fixture: door,
  place: { min: [0.66, -0.1], max: [0.7, 0.04] },
  start: [1.3, 1.5],
  goal: 0,
  solvedWithin: 0.08,
});
