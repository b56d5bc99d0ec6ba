import { BUTTON_TRAVEL } from '../fixtures/button.js';
import { approachBeside, fixtureStyles, goal } from './fixture-styles.js';

/** Half a finger's thickness in front of the button's head, metres. */
const FINGER = 0.0105;

export const buttonPressStyles = fixtureStyles({
  approach: approachBeside([-0.06, 0, 0]),
  work: (sight) => goal(sight, [-FINGER + 0.01, 0, 0]),
  remaining: ({ task }) => task[3]! - task[0]!,
  atStart: BUTTON_TRAVEL,
  done: 0.01,
});
