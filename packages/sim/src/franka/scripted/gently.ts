import type { Vector3 } from '@rapport/core';
import type { Place } from './grasping.js';
import type { Leg } from './scripted-policy.js';

/** A place, or what lies on the way to it so far ahead of the tool: what stands in the way is pressed no harder. */
export function gently(place: Place, aheadMetres: number): Place {
  return (sight) => {
    const goal = place(sight);
    const { tcp } = sight;
    const way = Math.hypot(goal[0] - tcp[0], goal[1] - tcp[1], goal[2] - tcp[2]);
    const share = Math.min(1, aheadMetres / Math.max(way, 1e-9));
    return [
      tcp[0] + share * (goal[0] - tcp[0]),
      tcp[1] + share * (goal[1] - tcp[1]),
      tcp[2] + share * (goal[2] - tcp[2]),
    ];
  };
}

/** Stays where the tool is when the leg begins, so that it presses on nothing. */
export function stayHere(gripper: number): Leg {
  let place: Vector3 | undefined;
  return {
    to: ({ tcp }) => {
      place ??= tcp;
      return place;
    },
    gripper,
    maxSteps: 1,
  };
}
