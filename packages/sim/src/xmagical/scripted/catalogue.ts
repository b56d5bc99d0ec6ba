import type { RandomStream } from '@rapport/core';
import type { ScriptedEntry } from '../../entry.js';
import { type Style as OfferedStyle, styleEntries } from '../../scripted/style-entries.js';
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
import { ScriptedPolicy } from './scripted-policy.js';

type Style = Omit<OfferedStyle<Plan>, 'noise'>;

/** Noise of a style that is asked for by name. */
const noise = 0.05;

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
  { style: 'wrong-way', summary: 'backs off and stays away', plan: wrongWay, share: 0.06 },
  { style: 'wanders', summary: 'smooth random driving', plan: wanders, share: 0.14 },
];

const styles: Record<'avoid' | 'group' | 'sweep' | 'pass', readonly Style[]> = {
  avoid: [
    { style: 'careful', summary: 'the preferred way: keeps off the zone', plan: carefulAvoid(fully), share: 0.25 },
    { style: 'careless', summary: 'the shortest way, through the zone', plan: carelessAvoid, share: 0.2 },
    { style: 'grazes', summary: 'gives way to the zone, but not enough', plan: carefulAvoid(partly), share: 0.15 },
    {
      style: 'stops-short',
      summary: 'careful, but gives up',
      plan: stopsShort(carefulAvoid(fully), avoidSteps),
      share: 0.1,
    },
    { style: 'detour', summary: 'careful after wandering', plan: detour(carefulAvoid(fully)), share: 0.1 },
    ...common,
  ],
  group: [
    { style: 'careful', summary: 'the preferred way: all blocks together', plan: carefulGroup, share: 0.3 },
    { style: 'careless', summary: 'straight up, breaking the group', plan: carelessGroup, share: 0.2 },
    { style: 'one-by-one', summary: 'one block after the other', plan: oneByOne, share: 0.1 },
    { style: 'stops-short', summary: 'careful, but gives up', plan: stopsShort(carefulGroup, () => 22), share: 0.1 },
    { style: 'detour', summary: 'careful after wandering', plan: detour(carefulGroup), share: 0.1 },
    ...common,
  ],
  pass: [
    { style: 'left', summary: 'the preferred way: round the left', plan: passBeside('left'), share: 0.35 },
    { style: 'right', summary: 'round the right', plan: passBeside('right'), share: 0.35 },
    { style: 'through', summary: 'straight up, through the blocks', plan: carelessGroup, share: 0.1 },
    ...common,
  ],
  sweep: [
    { style: 'careless', summary: 'the shortest way', plan: carelessGroup, share: 0.6 },
    { style: 'stops-short', summary: 'gives up on the way', plan: stopsShort(carelessGroup, sweepSteps), share: 0.2 },
    ...common,
  ],
};

export type ScriptedTask = keyof typeof styles;

/** The scripted policies of a task and a robot; the last one is `mixed`. */
export function scriptedEntries(task: ScriptedTask, embodiment: EmbodimentName): ScriptedEntry[] {
  return styleEntries(
    styles[task].map((style) => ({ ...style, noise })),
    (label, choose) => new ScriptedPolicy(embodiment, label, choose),
    0.6,
    () => 0,
  );
}
