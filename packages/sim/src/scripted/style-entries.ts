import type { Policy, RandomStream } from '@rapport/core';
import type { ScriptedEntry } from '../entry.js';
import type { Behaviour, Choice } from './styled-policy.js';

/** A way to behave that a catalogue offers. */
export interface Style<Plan> extends Behaviour<Plan> {
  readonly summary: string;
  /** Its share of the mixed policy's episodes, before they are brought to a sum of 1. */
  readonly share: number;
}

/**
 * The scripted policies of a task: one for each style, and `mixed`, which takes another one in every episode.
 * @param shakiness noise of mixed episodes beyond `steadiest` is at most this
 * @param steadiest noise of a style's steadiest mixed episode
 */
export function styleEntries<Plan>(
  styles: readonly Style<Plan>[],
  create: (label: string, choose: Choice<Plan>) => Policy,
  shakiness: number,
  steadiest: (style: Style<Plan>) => number,
): ScriptedEntry[] {
  const single = styles.map((style) => ({
    name: style.style,
    summary: style.summary,
    create: () => create(style.style, () => style),
  }));
  const draw = (random: RandomStream): Behaviour<Plan> => {
    const style = drawStyle(styles, random);
    // Most episodes are nearly clean, some are shaky.
    return { ...style, noise: steadiest(style) + shakiness * random.uniform() ** 2 };
  };
  const mixed = {
    name: 'mixed',
    summary: 'another of these in every episode, with more or less noise',
    create: () => create('mixed', draw),
  };
  return [...single, mixed];
}

function drawStyle<Plan>(styles: readonly Style<Plan>[], random: RandomStream): Style<Plan> {
  let left = random.uniform() * styles.reduce((sum, { share }) => sum + share, 0);
  const style = styles.find(({ share }) => {
    left -= share;
    return left < 0;
  });
  return style ?? styles[0]!;
}
