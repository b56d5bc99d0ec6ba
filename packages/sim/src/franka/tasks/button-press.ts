import { BUTTON_TRAVEL, button } from '../fixtures/button.js';
import { fixtureTask } from './fixture-task.js';

/** Meta-World's button-press: push a button on the side of a box until 2 cm of its 8 cm of travel are left. */
export const buttonPress = fixtureTask({
  name: 'button-press',
  summary: 'press a button on the side of a box (success within 2 cm of the end of its travel)',
  fixture: button,
  place: { min: [0.69, -0.1], max: [0.73, 0.1] },
  start: [0, 0],
  goal: BUTTON_TRAVEL,
  remaining: (handle, goal) => Math.abs(goal[0]! - handle[0]!),
  solvedWithin: 0.02,
});
