import { WINDOW_TRAVEL } from '../fixtures/window.js';
import { approachBeside, fixtureStyles, goal } from './fixture-styles.js';

/** From the middle of the handle's bar to the tool's, when the closed fingers touch it sideways, metres. */
const CONTACT = 0.0265;

/** Pushes the handle to the left, seen from the arm, and to the right. */
export const windowOpenStyles = fixtureStyles({
  approach: approachBeside([0, -0.06, 0]),
  work: (sight) => goal(sight, [0, -CONTACT + 0.012, 0]),
  remaining: ({ task }) => task[4]! - task[1]!,
  atStart: WINDOW_TRAVEL,
  done: 0.012,
});

export const windowCloseStyles = fixtureStyles({
  approach: approachBeside([0, 0.06, 0]),
  work: (sight) => goal(sight, [0, CONTACT - 0.012, 0]),
  remaining: ({ task }) => task[1]! - task[4]!,
  atStart: WINDOW_TRAVEL,
  done: 0.012,
});
