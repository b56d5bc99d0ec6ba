import type { ControlMode } from '../../control/modes.js';
import type { ScriptedEntry } from '../../entry.js';
import { styleEntries } from '../../scripted/style-entries.js';
import { type Plan, ScriptedPolicy, type Style } from './scripted-policy.js';

/** The scripted policies of a task from its styles. */
export function scriptedStyles(mode: ControlMode, styles: readonly Style[]): ScriptedEntry[] {
  return styleEntries(
    styles,
    (label, choose) => new ScriptedPolicy(mode, label, choose),
    0.4,
    ({ noise }) => noise,
  );
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
