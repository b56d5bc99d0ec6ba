import { DRAWER_TRAVEL } from '../fixtures/drawer.js';
import { approachBeside, fixtureStyles, goal } from './fixture-styles.js';

/** From the middle of the handle's bar to the tool's, when a finger touches it, metres. */
const CONTACT = 0.0185;
const MIDDLE_OF_GAP = 0.034;

/** Reaches behind the bar and pulls. */
export const drawerOpenStyles = fixtureStyles({
  approach: approachBeside([MIDDLE_OF_GAP, 0, 0]),
  work: (sight) => goal(sight, [CONTACT - 0.01, 0, 0]),
  remaining: ({ task }) => task[0]! - task[3]!,
  atStart: DRAWER_TRAVEL,
  done: 0.01,
});

/** Pushes the bar from the front. */
export const drawerCloseStyles = fixtureStyles({
  approach: approachBeside([-0.06, 0, 0]),
  work: (sight) => goal(sight, [-CONTACT + 0.01, 0, 0]),
  remaining: ({ task }) => task[3]! - task[0]!,
  atStart: 0.15,
  done: 0.012,
});
