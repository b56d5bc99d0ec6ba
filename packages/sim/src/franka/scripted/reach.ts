import type { Plan, Style } from './scripted-policy.js';
import { vectorAt } from './sight.js';
import { wander } from './styles.js';

const straight: Plan = () => [{ to: ({ task }) => vectorAt(task, 0), gripper: 0.08, maxSteps: 100 }];

/** Stops between a third and two thirds of the way. */
const short: Plan = ({ tcp, task }, random) => {
  const share = random.uniformBetween(0.33, 0.67);
  const goal = vectorAt(task, 0);
  const end = tcp.map((value, axis) => value + share * (goal[axis]! - value));
  return [{ to: () => [end[0]!, end[1]!, end[2]!], gripper: 0.08, maxSteps: 100 }];
};

/** First to some other place. */
const detour: Plan = (sight, random) => [...wander(sight, random).slice(0, 3), ...straight(sight, random)];

export const reachStyles: readonly Style[] = [
  { style: 'careful', summary: 'straight to the goal', plan: straight, noise: 0.02, share: 0.4 },
  { style: 'detour', summary: 'by way of somewhere else', plan: detour, noise: 0.05, share: 0.2 },
  { style: 'stops-short', summary: 'gives up on the way', plan: short, noise: 0.05, share: 0.2 },
  { style: 'wanders', summary: 'smooth random motion', plan: wander, noise: 0.1, share: 0.2 },
];
