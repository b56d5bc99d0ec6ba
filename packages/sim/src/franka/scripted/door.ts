import type { Vector3 } from '@rapport/core';
import { door, doorHinge } from '../fixtures/door.js';
import { turnedAbout } from '../fixtures/fixture.js';
import { approachAt, fixtureStyles, plus } from './fixture-styles.js';
import { type Sight, vectorAt } from './sight.js';

/** How far the tool aims ahead of the door, rad: less than it can be ahead of the tool. */
const LEAD = 0.12;
/** Where the tool is, with the door closed, relative to the handle's bar: between bar and door, and before the bar. */
const behindBar: Vector3 = [0.0275, 0, 0];
const beforeBar: Vector3 = [-0.0285, 0, 0];

/** A place beside the handle when the door has been turned on by an angle from where it is. */
function beside(sight: Sight, origin: Vector3, offset: Vector3, turnRad: number): Vector3 {
  const hinge = plus(origin, doorHinge);
  const closed = plus(origin, door.handleAt(0));
  const handle = vectorAt(sight.task, 0);
  const opened = angleAbout(hinge, closed) - angleAbout(hinge, handle);
  return turnedAbout(hinge, plus(closed, offset), -(opened + turnRad));
}

function angleAbout(centre: Vector3, point: Vector3): number {
  return Math.atan2(point[1] - centre[1], point[0] - centre[0]);
}

/** The fixture's origin, from where the handle is to get. */
function originOf(sight: Sight, goalOpenedRad: number): Vector3 {
  const [x, y] = door.handleAt(goalOpenedRad);
  return [sight.task[3]! - x, sight.task[4]! - y, 0];
}

const open = (offset: Vector3, turnRad: number) => (sight: Sight) =>
  beside(sight, originOf(sight, Math.PI / 2), offset, turnRad);
const close = (offset: Vector3, turnRad: number) => (sight: Sight) =>
  beside(sight, originOf(sight, 0), offset, turnRad);

/** Reaches between bar and door and pulls along the handle's arc. */
export const doorOpenStyles = fixtureStyles({
  approach: approachAt(open(behindBar, 0)),
  work: open(behindBar, LEAD),
  remaining: ({ task }) => Math.abs(task[4]! - task[1]!),
  atStart: Math.abs(door.handleAt(0)[1] - door.handleAt(Math.PI / 2)[1]),
  done: 0.02,
});

/** Pushes the bar from outside along its arc. */
export const doorCloseStyles = fixtureStyles({
  approach: approachAt(close(plus(beforeBar, [-0.03, 0, 0]), 0)),
  work: close(beforeBar, -LEAD),
  remaining: ({ task }) => Math.hypot(task[3]! - task[0]!, task[4]! - task[1]!),
  atStart: 0.4,
  done: 0.02,
});
