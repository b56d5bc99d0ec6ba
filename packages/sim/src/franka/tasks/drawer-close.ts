import { drawer } from '../fixtures/drawer.js';
import { fixtureTask } from './fixture-task.js';

/** Meta-World's drawer-close: push a drawer that is open by about 15 cm shut, within 6.5 cm. */
export const drawerClose = fixtureTask({
  name: 'drawer-close',
  summary: 'push a drawer shut (success within 6.5 cm)',
  fixture: drawer,
  place: { min: [0.68, -0.1], max: [0.72, 0.1] },
  start: [0.14, 0.16],
  goal: 0,
  solvedWithin: 0.065,
});
