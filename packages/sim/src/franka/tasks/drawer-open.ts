import { DRAWER_TRAVEL, drawer } from '../fixtures/drawer.js';
import { fixtureTask } from './fixture-task.js';

/** Meta-World's drawer-open: pull a drawer out by 20 cm, within 3 cm. */
export const drawerOpen = fixtureTask({
  name: 'drawer-open',
  summary: 'pull a drawer out by its handle (success within 3 cm of 20 cm)',
  fixture: drawer,
  place: { min: [0.68, -0.1], max: [0.72, 0.1] },
  start: [0, 0],
  goal: DRAWER_TRAVEL,
  solvedWithin: 0.03,
});
