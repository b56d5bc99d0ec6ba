import type { EmbodimentName } from '../view.js';
import type { Point, Sight } from './sight.js';
import { type Command, headingTo, rightOfLine, topSpeed, turnTowards, wrapAngle } from './steering.js';

/** A part of a plan: what to do until it is done or its steps are used up. */
export interface Phase {
  /** Control steps after which the next phase begins in any case. */
  readonly maxSteps: number;
  /** The command of this step, or undefined when the phase is done. */
  command(sight: Sight): Command | undefined;
}

/** Drives to a point, turning on the spot first; backwards when `reverse`. */
export function driveTo(
  embodiment: EmbodimentName,
  target: (sight: Sight) => Point,
  options: { readonly reverse?: boolean; readonly maxSteps?: number } = {},
): Phase {
  const { reverse = false, maxSteps = 30 } = options;
  return {
    maxSteps,
    command(sight) {
      const { robot } = sight;
      const goal = target(sight);
      const distance = Math.hypot(goal.x - robot.x, goal.y - robot.y);
      if (distance < 0.06) return undefined;
      const heading = reverse ? headingTo(goal, robot) : headingTo(robot, goal);
      const speed = Math.min(topSpeed, 5 * distance) * alignment(wrapAngle(heading - robot.angle));
      return { speed: reverse ? -speed : speed, turn: turnTowards(embodiment, robot, heading) };
    },
  };
}

/** Turns on the spot to a heading. */
export function face(embodiment: EmbodimentName, heading: number, maxSteps = 12): Phase {
  return {
    maxSteps,
    command({ robot }) {
      if (Math.abs(wrapAngle(heading - robot.angle)) < 0.06) return undefined;
      return { speed: 0, turn: turnTowards(embodiment, robot, heading) };
    },
  };
}

/** A straight line on the floor, walked in the direction of `heading`. */
export interface Line {
  readonly on: Point;
  readonly heading: number;
}

/** Follows a line until `done`; steeper towards it the farther away, slower the worse the heading fits. */
export function follow(
  embodiment: EmbodimentName,
  line: (sight: Sight) => Line,
  done: (sight: Sight) => boolean,
  options: { readonly speed?: number; readonly maxSteps?: number } = {},
): Phase {
  const { speed = topSpeed, maxSteps = 60 } = options;
  return {
    maxSteps,
    command(sight) {
      if (done(sight)) return undefined;
      const { robot } = sight;
      const { on, heading } = line(sight);
      const correction = Math.max(-0.6, Math.min(0.6, 3 * rightOfLine(robot, on, heading)));
      const wanted = heading + correction;
      return {
        speed: speed * alignment(wrapAngle(wanted - robot.angle)),
        turn: turnTowards(embodiment, robot, wanted),
      };
    },
  };
}

/** Backs straight down, as far as the robot is above `y`. */
export function retreat(embodiment: EmbodimentName, y: (sight: Sight) => number): Phase {
  return {
    maxSteps: 20,
    command(sight) {
      const { robot } = sight;
      if (robot.y <= y(sight)) return undefined;
      return { speed: -topSpeed * alignment(robot.angle), turn: turnTowards(embodiment, robot, 0) };
    },
  };
}

/** Stands still. */
export function rest(steps: number): Phase {
  return { maxSteps: steps, command: () => ({ speed: 0, turn: 0 }) };
}

/** 1 when the heading fits, falling to 0 at 0.6 rad off. */
function alignment(headingError: number): number {
  return Math.max(0, 1 - Math.abs(headingError) / 0.6);
}
