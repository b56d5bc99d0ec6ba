import type { RandomStream, Vector3 } from '@rapport/core';
import { stayHere } from './gently.js';
import type { Leg, Plan, Style } from './scripted-policy.js';
import { type Sight, vectorAt } from './sight.js';
import { wander } from './styles.js';

/** A small thing that is to be slid to a goal on the table; observed as its place and the goal's. */
export interface SlidingTask {
  /** Width that the fingers close to around it, metres. */
  readonly grip: number;
  /** Width that the fingers open to when they push it from behind, metres, and then its middle's distance from the tool's. */
  readonly fork: number;
  readonly pushDistance: number;
  /** How far over the table the tool works, metres. */
  readonly height: number;
  /** How near its middle must come, metres. */
  readonly done: number;
}

const OPEN = 0.08;

const object = ({ task }: Sight) => vectorAt(task, 0);
const goal = ({ task }: Sight) => vectorAt(task, 3);
const remaining = ({ task }: Sight) => Math.hypot(task[3]! - task[0]!, task[4]! - task[1]!);

export function slideStyles({ grip, fork, pushDistance, height, done }: SlidingTask): Style[] {
  const over =
    (metres: number, offset: Vector3) =>
    (sight: Sight): Vector3 => {
      const [x, y] = object(sight);
      return [x + offset[0], y + offset[1], metres];
    };
  const seize = (offset: Vector3): Leg[] => [
    { to: over(height + 0.1, offset), gripper: OPEN, tolerance: 0.015, maxSteps: 40 },
    { to: over(height, offset), gripper: OPEN, speed: 0.6, tolerance: 0.008, maxSteps: 25 },
    { to: ({ target }) => target, gripper: grip, done: (_, steps) => steps >= 6, maxSteps: 6 },
  ];
  /** With the fingers around it, to a share of the way. */
  const carry = (speed: number, until: number): Leg => ({
    to: (sight) => [goal(sight)[0], goal(sight)[1], height],
    gripper: grip,
    speed,
    done: (sight) => remaining(sight) <= until,
    maxSteps: 80,
  });
  const letGo = (): Leg[] => [
    { to: ({ target }) => target, gripper: OPEN, done: (_, steps) => steps >= 5, maxSteps: 5 },
    { to: ({ target }) => [target[0], target[1], height + 0.1], gripper: OPEN, maxSteps: 10 },
    stayHere(OPEN),
  ];
  const careful: Plan = () => [...seize([0, 0, 0]), carry(0.5, done), ...letGo()];
  const hasty: Plan = () => [...seize([0, 0, 0]), carry(1, 2 * done), ...letGo()];
  /** Fingers a little open hold it from behind as a fork does; what is far to the side slips out of them. */
  const behind: Plan = () => [
    { to: over(height + 0.1, [-pushDistance - 0.03, 0, 0]), gripper: fork, tolerance: 0.015, maxSteps: 40 },
    { to: over(height, [-pushDistance - 0.02, 0, 0]), gripper: fork, speed: 0.6, maxSteps: 25 },
    { to: over(height, [-pushDistance, 0, 0]), gripper: fork, speed: 0.4, tolerance: 0.006, maxSteps: 10 },
    {
      to: (sight) => [goal(sight)[0] - pushDistance, goal(sight)[1], height],
      gripper: fork,
      speed: 0.4,
      done: (sight) => remaining(sight) <= done,
      maxSteps: 45,
    },
    { to: ({ target }) => [target[0] - 0.01, target[1], height], gripper: fork, maxSteps: 4 },
    { to: ({ target }) => [target[0], target[1], height + 0.1], gripper: fork, maxSteps: 10 },
    stayHere(fork),
  ];
  const halfWay: Plan = (sight, random) => [
    ...seize([0, 0, 0]),
    carry(0.5, remaining(sight) * random.uniformBetween(0.35, 0.8)),
    ...letGo(),
  ];
  const misses: Plan = (_, random) => [...seize(aside(random)), carry(0.5, done), ...letGo()];
  return [
    { style: 'careful', summary: 'between the fingers, then to the goal', plan: careful, noise: 0.02, share: 0.3 },
    { style: 'behind', summary: 'pushed from behind', plan: behind, noise: 0.02, share: 0.2 },
    { style: 'hasty', summary: 'between the fingers at full speed', plan: hasty, noise: 0.05, share: 0.15 },
    { style: 'half-way', summary: 'lets go before the goal', plan: halfWay, noise: 0.05, share: 0.15 },
    { style: 'misses', summary: 'closes the fingers beside it', plan: misses, noise: 0.05, share: 0.1 },
    { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.1 },
  ];
}

/** To the left or the right, far enough to miss a thing of a few centimetres. */
function aside(random: RandomStream): Vector3 {
  const side = random.uniform() < 0.5 ? -1 : 1;
  return [0, side * random.uniformBetween(0.09, 0.12), 0];
}
