import type { RandomStream } from '@rapport/core';
import type { ControlMode } from '../../control/modes.js';
import type { ScriptedEntry } from '../../entry.js';
import { type Behaviour, type Plan, ScriptedPolicy, type Style } from './scripted-policy.js';

/** The scripted policies of a task from its styles, and `mixed`, which takes another one in every episode. */
export function scriptedStyles(mode: ControlMode, styles: readonly Style[]): ScriptedEntry[] {
  const single = styles.map((style) => ({
    name: style.style,
    summary: style.summary,
    create: () => new ScriptedPolicy(mode, style.style, () => style),
  }));
  const mixed = {
    name: 'mixed',
    summary: 'another of these in every episode, with more or less noise',
    create: () => new ScriptedPolicy(mode, 'mixed', (random) => drawBehaviour(styles, random)),
  };
  return [...single, mixed];
}

function drawBehaviour(styles: readonly Style[], random: RandomStream): Behaviour {
  let left = random.uniform() * styles.reduce((sum, { share }) => sum + share, 0);
  const style = styles.find(({ share }) => {
    left -= share;
    return left < 0;
  });
  const chosen = style ?? styles[0]!;
  // Most episodes are nearly clean, some are shaky.
  return { ...chosen, noise: chosen.noise + 0.4 * random.uniform() ** 2 };
}

/** Wanders about where the tool starts, with the gripper open. */
export const wander: Plan = (sight, random) =>
  Array.from({ length: 20 }, () => {
    const goal = sight.tcp.map((value) => value + random.uniformBetween(-0.15, 0.15));
    return { to: () => [goal[0]!, goal[1]!, goal[2]!], gripper: 0.08, speed: 0.6, maxSteps: 4 + random.integer(12) };
  });

/** A plan that is given up after a share of its legs: the tool stays where it is then. */
export function stopsShort(plan: Plan, shareOfLegs: number): Plan {
  return (sight, random) => {
    const legs = plan(sight, random);
    const kept = legs.slice(0, Math.max(1, Math.round(shareOfLegs * legs.length)));
    const { gripper } = kept.at(-1)!;
    return [...kept, { to: ({ target }) => target, gripper, maxSteps: 1 }];
  };
}
