import { faucet } from '../fixtures/faucet.js';
import { fixtureTask } from './fixture-task.js';

/** Meta-World's faucet-open: turn a lever by a right angle to the left; its end within 7 cm of where it gets. */
export const faucetOpen = fixtureTask({
  name: 'faucet-open',
  summary: 'turn a lever by a right angle to the left (success within 7 cm)',
  fixture: faucet,
  place: { min: [0.58, -0.1], max: [0.64, 0.1] },
  start: [0, 0],
  goal: Math.PI / 2,
  solvedWithin: 0.07,
});
