import type { RandomStream, Vector3 } from '@rapport/core';
import { gently, stayHere } from './gently.js';
import type { Place } from './grasping.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { wander } from './styles.js';

/** How to do a task on furniture: what the tool does before it touches the moving part, and then. */
export interface FixtureWork {
  readonly approach: readonly Leg[];
  /** Where the tool goes to move the part on, metres. */
  readonly work: Place;
  /** What remains at the task's start and when it is as good as done, metres. */
  readonly remaining: (sight: Sight) => number;
  readonly atStart: number;
  readonly done: number;
}

const CLOSED = 0;
/** How far ahead of the tool its target may be, metres: as far as in free motion, so that what is in the way gives little force. */
const AHEAD = 0.03;

/** The handle, with an offset, metres. */
function handle(sight: Sight, offset: Vector3 = [0, 0, 0]): Vector3 {
  return plus(vectorAt(sight.task, 0), offset);
}

/** Where the handle is to get, with an offset, metres. */
export function goal(sight: Sight, offset: Vector3 = [0, 0, 0]): Vector3 {
  return plus(vectorAt(sight.task, 3), offset);
}

export function plus(a: Vector3, b: Vector3): Vector3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** Goes above a place, then down to it, with the fingers closed. */
export function approachAt(place: Place): Leg[] {
  return [
    { to: (sight) => plus(place(sight), [0, 0, 0.1]), gripper: CLOSED, tolerance: 0.025, maxSteps: 50 },
    { to: gently(place, AHEAD), gripper: CLOSED, speed: 0.6, done: isAt(place), maxSteps: 30 },
  ];
}

function isAt(place: Place): (sight: Sight) => boolean {
  return (sight) => {
    const [x, y, z] = place(sight);
    return Math.hypot(x - sight.tcp[0], y - sight.tcp[1], z - sight.tcp[2]) < 0.01;
  };
}

/** The same at an offset from the handle. */
export function approachBeside(offset: Vector3): Leg[] {
  return approachAt((sight) => handle(sight, offset));
}

const lift: Leg = { to: ({ target }) => plus(target, [0, 0, 0.02]), gripper: CLOSED, maxSteps: 6 };

function until({ work, remaining }: FixtureWork, left: number, speed: number): Leg {
  return { to: gently(work, AHEAD), gripper: CLOSED, speed, done: (sight) => remaining(sight) <= left, maxSteps: 80 };
}

/** Every leg beside where it ought to go. */
function shifted(legs: readonly Leg[], offset: Vector3): Leg[] {
  return legs.map((leg) => ({ ...leg, to: (sight) => plus(leg.to(sight), offset) }));
}

/** Ways to do a task on furniture, well and badly. */
export function fixtureStyles(work: FixtureWork): Style[] {
  const careful: Plan = () => [...work.approach, until(work, work.done, 0.5), stayHere(CLOSED)];
  const hasty: Plan = () => [
    ...work.approach.map((leg) => ({ ...leg, speed: 1 })),
    until(work, work.done, 1),
    stayHere(CLOSED),
  ];
  const halfWay: Plan = (_, random) => {
    const left = work.atStart * random.uniformBetween(0.45, 0.85);
    return [...work.approach, until(work, left, 0.5), lift, stayHere(CLOSED)];
  };
  const hesitant: Plan = (_, random) => [
    ...work.approach,
    until(work, work.atStart * random.uniformBetween(0.4, 0.8), 0.3),
    { ...stayHere(CLOSED), done: () => false, maxSteps: 10 + random.integer(20) },
    until(work, work.done, 0.3),
    stayHere(CLOSED),
  ];
  const misses: Plan = (_, random) => [
    ...shifted([...work.approach, until(work, work.done, 0.5)], above(random)),
    stayHere(CLOSED),
  ];
  return [
    { style: 'careful', summary: 'to the handle, then slowly to the goal', plan: careful, noise: 0.02, share: 0.35 },
    { style: 'hasty', summary: 'the same at full speed', plan: hasty, noise: 0.05, share: 0.15 },
    { style: 'hesitant', summary: 'slower, with a pause on the way', plan: hesitant, noise: 0.03, share: 0.15 },
    { style: 'half-way', summary: 'lets go before the goal', plan: halfWay, noise: 0.05, share: 0.15 },
    { style: 'misses', summary: 'passes over the handle', plan: misses, noise: 0.05, share: 0.1 },
    { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.1 },
  ];
}

function above(random: RandomStream): Vector3 {
  return [0, 0, random.uniformBetween(0.04, 0.08)];
}
