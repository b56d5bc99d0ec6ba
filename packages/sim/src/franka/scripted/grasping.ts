import type { Vector3 } from '@rapport/core';
import { distance } from '../score.js';
import type { Leg } from './scripted-policy.js';
import type { Sight } from './sight.js';

/** A place that is looked up in every step, metres in the world. */
export type Place = (sight: Sight) => Vector3;
/** A turn of the hand that is looked up in every step, rad. */
export type Yaw = (sight: Sight) => number;

/** The place that is nearest to the tool now; the first of equals. */
export function nearest(sight: Sight, places: readonly [Place, ...Place[]]): Place {
  return places.reduce((best, place) =>
    distance(sight.tcp, place(sight)) < distance(sight.tcp, best(sight)) ? place : best,
  );
}

/** Steps that the fingers need to close on a thing and press it. */
const CLOSING_STEPS = 4;
/** Steps that they need to let go of it. */
const OPENING_STEPS = 3;

/** Where the tool is sent now: for legs that stay. */
export const stay: Place = ({ target }) => target;

/** Where the tool is sent when the leg begins: noise does not add up while the fingers move. */
function fixed(): Place {
  let place: Vector3 | undefined;
  return ({ target }) => {
    place ??= target;
    return place;
  };
}

/** Above a place at a fixed height of the tool over the table. */
export function atHeight(place: Place, height: number): Place {
  return (sight) => {
    const [x, y] = place(sight);
    return [x, y, height];
  };
}

/**
 * Over a place, down to it, and the fingers closed.
 * @param from height over the table from which the tool goes down, metres
 * @param opening width of the gripper before the grasp, metres
 * @param held width that it is sent to: the less, the harder it holds
 */
export function grasp(place: Place, options: { from: number; opening: number; held: number; yawRad?: Yaw }): Leg[] {
  const { from, opening, held, yawRad } = options;
  const common = { gripper: opening, ...(yawRad && { yawRad }) };
  return [
    { to: atHeight(place, from), ...common, tolerance: 0.015, maxSteps: 30, done: overPlace(place, from, yawRad) },
    { to: place, ...common, speed: 0.7, tolerance: 0.006, maxSteps: 20 },
    { to: fixed(), gripper: held, done: (_, steps) => steps >= CLOSING_STEPS, maxSteps: CLOSING_STEPS },
  ];
}

/** The fingers opened, then straight up. */
export function release(opening: number, upTo: number): Leg[] {
  return [
    { to: fixed(), gripper: opening, done: (_, steps) => steps >= OPENING_STEPS, maxSteps: OPENING_STEPS },
    { to: ({ target }) => [target[0], target[1], upTo], gripper: opening, tolerance: 0.02, maxSteps: 20 },
  ];
}

/** Whether the tool hangs above the place, turned as it should be: fingers come down beside the thing only then. */
function overPlace(place: Place, height: number, yawRad: Yaw | undefined): (sight: Sight) => boolean {
  return (sight) => {
    const [x, y] = place(sight);
    const [toolX, toolY, toolZ] = sight.tcp;
    const turn = yawRad === undefined ? 0 : yawRad(sight) - sight.targetYawRad;
    return Math.hypot(x - toolX, y - toolY, height - toolZ) < 0.012 && Math.abs(Math.sin(turn / 2)) < 0.03;
  };
}
