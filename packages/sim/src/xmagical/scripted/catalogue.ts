import type { RandomStream } from '@rapport/core';
import type { ScriptedEntry } from '../../entry.js';
import type { EmbodimentName } from '../view.js';
import { follow } from './phases.js';
import {
  carefulAvoid,
  carefulGroup,
  carelessAvoid,
  carelessGroup,
  detour,
  oneByOne,
  type Plan,
  passBeside,
  stopsShort,
  wrongWay,
} from './plans.js';
import { type Behaviour, ScriptedPolicy } from './scripted-policy.js';

/** A style with its share of the mixed policy's episodes. */
interface Style {
  readonly name: string;
  readonly summary: string;
  readonly plan: Plan;
  readonly share: number;
}

/** Heads somewhere else every few steps, forward more than backward. */
const wanders: Plan = ({ embodiment, random }) =>
  Array.from({ length: 40 }, () => {
    const heading = random.uniformBetween(-1.2, 1.2);
    const speed = random.uniformBetween(-0.4, 0.8);
    return follow(
      embodiment,
      ({ robot }) => ({ on: robot, heading }),
      () => false,
      { speed, maxSteps: 3 + random.integer(8) },
    );
  });

const fully = () => 1;
const avoidSteps = (embodiment: EmbodimentName) => (embodiment === 'longstick' ? 20 : 80);
const sweepSteps = (embodiment: EmbodimentName) => (embodiment === 'longstick' ? 16 : 90);
const partly = (random: RandomStream) => random.uniformBetween(0, 0.9);

const common: readonly Style[] = [
  { name: 'wrong-way', summary: 'backs off and stays away', plan: wrongWay, share: 0.06 },
  { name: 'wanders', summary: 'smooth random driving', plan: wanders, share: 0.14 },
];

const styles: Record<'avoid' | 'group' | 'sweep' | 'pass', readonly Style[]> = {
  avoid: [
    { name: 'careful', summary: 'the preferred way: keeps off the zone', plan: carefulAvoid(fully), share: 0.25 },
    { name: 'careless', summary: 'the shortest way, through the zone', plan: carelessAvoid, share: 0.2 },
    { name: 'grazes', summary: 'gives way to the zone, but not enough', plan: carefulAvoid(partly), share: 0.15 },
    {
      name: 'stops-short',
      summary: 'careful, but gives up',
      plan: stopsShort(carefulAvoid(fully), avoidSteps),
      share: 0.1,
    },
    { name: 'detour', summary: 'careful after wandering', plan: detour(carefulAvoid(fully)), share: 0.1 },
    ...common,
  ],
  group: [
    { name: 'careful', summary: 'the preferred way: all blocks together', plan: carefulGroup, share: 0.3 },
    { name: 'careless', summary: 'straight up, breaking the group', plan: carelessGroup, share: 0.2 },
    { name: 'one-by-one', summary: 'one block after the other', plan: oneByOne, share: 0.1 },
    { name: 'stops-short', summary: 'careful, but gives up', plan: stopsShort(carefulGroup, () => 22), share: 0.1 },
    { name: 'detour', summary: 'careful after wandering', plan: detour(carefulGroup), share: 0.1 },
    ...common,
  ],
  pass: [
    { name: 'left', summary: 'the preferred way: round the left', plan: passBeside('left'), share: 0.35 },
    { name: 'right', summary: 'round the right', plan: passBeside('right'), share: 0.35 },
    { name: 'through', summary: 'straight up, through the blocks', plan: carelessGroup, share: 0.1 },
    ...common,
  ],
  sweep: [
    { name: 'careless', summary: 'the shortest way', plan: carelessGroup, share: 0.6 },
    { name: 'stops-short', summary: 'gives up on the way', plan: stopsShort(carelessGroup, sweepSteps), share: 0.2 },
    ...common,
  ],
};

export type ScriptedTask = keyof typeof styles;

/** The scripted policies of a task and a robot; the last one is `mixed`. */
export function scriptedEntries(task: ScriptedTask, embodiment: EmbodimentName): ScriptedEntry[] {
  const offered = styles[task];
  const single = offered.map((style) => ({
    name: style.name,
    summary: style.summary,
    create: () =>
      new ScriptedPolicy(embodiment, style.name, () => ({ style: style.name, plan: style.plan, noise: 0.05 })),
  }));
  const mixed = {
    name: 'mixed',
    summary: 'another of these in every episode, with more or less noise',
    create: () => new ScriptedPolicy(embodiment, 'mixed', (random) => drawBehaviour(offered, random)),
  };
  return [...single, mixed];
}

function drawBehaviour(offered: readonly Style[], random: RandomStream): Behaviour {
  let left = random.uniform() * offered.reduce((sum, style) => sum + style.share, 0);
  const style = offered.find((candidate) => {
    left -= candidate.share;
    return left < 0;
  });
  const { name, plan } = style ?? offered[0]!;
  // Most episodes are nearly clean, some are shaky.
  return { style: name, plan, noise: 0.6 * random.uniform() ** 2 };
}
