import type { Vector3 } from '@rapport/core';
import { faucet } from '../fixtures/faucet.js';
import { turnedAbout } from '../fixtures/fixture.js';
import { approachAt, fixtureStyles, plus } from './fixture-styles.js';
import type { Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';

/** How far the tool aims ahead of the lever, rad. */
const LEAD = 0.2;
/** From the lever's middle to the tool's, when the closed fingers touch it sideways, and before, metres. */
const CONTACT = 0.0275;
const CLEAR = 0.06;
/** Distance from the pillar at which the lever is pushed, metres. */
const LEVER_ARM = 0.14;

/** A place beside the lever, on the side that it comes from, when it has been turned on by an angle. */
function beside(goalRad: number, away: number, leadRad: number) {
  const direction = Math.sign(goalRad);
  return ({ task }: Sight): Vector3 => {
    const pillar = plus(vectorAt(task, 3), negative(faucet.handleAt(goalRad)));
    const turned = Math.atan2(task[1]! - pillar[1], -(task[0]! - pillar[0]));
    const place: Vector3 = [-LEVER_ARM, -direction * away, faucet.handleAt(0)[2]];
    return turnedAbout(pillar, plus(pillar, place), -(turned + direction * leadRad));
  };
}

function negative([x, y, z]: Vector3): Vector3 {
  return [-x, -y, -z];
}

/** Pushes the lever along its arc. */
function turnStyles(goalRad: number): Style[] {
  return fixtureStyles({
    approach: approachAt(beside(goalRad, CLEAR, 0)),
    work: beside(goalRad, CONTACT, LEAD),
    remaining: ({ task }) => Math.hypot(task[3]! - task[0]!, task[4]! - task[1]!),
    atStart: 0.24,
    done: 0.02,
  });
}

export const faucetOpenStyles = turnStyles(Math.PI / 2);
export const faucetCloseStyles = turnStyles(-Math.PI / 2);
