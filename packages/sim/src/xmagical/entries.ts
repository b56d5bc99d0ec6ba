import type { EnvironmentEntry } from '../entry.js';
import { XMagicalEnv, type XMagicalEnvOptions } from './env.js';
import { type ScriptedTask, scriptedEntries } from './scripted/catalogue.js';
import { sweepToTop, sweepVariants } from './sweep-to-top.js';
import { avoidTask } from './tasks/avoid.js';
import { groupTask } from './tasks/group.js';
import { passTask } from './tasks/pass.js';
import type { EmbodimentName } from './view.js';

const embodiments: readonly EmbodimentName[] = ['longstick', 'mediumstick', 'shortstick', 'gripper'];

/** RAPL's two tasks and the benchmark itself, for every robot; and Pass, which takes a narrow one. */
export function xmagicalEntries(): EnvironmentEntry[] {
  const pass = { id: 'xmagical/pass-shortstick', embodiment: 'shortstick', task: passTask } as const;
  return [
    ...embodiments.flatMap((embodiment) => [
      preferenceEntry(embodiment, 'avoid'),
      preferenceEntry(embodiment, 'group'),
      ...sweepEntries(embodiment),
    ]),
    entryOf(pass, 'pass'),
  ];
}

function preferenceEntry(embodiment: EmbodimentName, name: 'avoid' | 'group'): EnvironmentEntry {
  const task = name === 'avoid' ? avoidTask(embodiment) : groupTask(embodiment);
  return entryOf({ id: `xmagical/${name}-${embodiment}`, embodiment, task }, name);
}

/**
 * The benchmark under its own 24 ids a robot: state vector or pixels, camera above or with the robot, six variants. With a
 * state vector the camera decides only what is drawn.
 */
function sweepEntries(embodiment: EmbodimentName): EnvironmentEntry[] {
  const robot = `${embodiment[0]!.toUpperCase()}${embodiment.slice(1)}`;
  return (['state', 'pixels'] as const).flatMap((observes) =>
    (['above', 'ego'] as const).flatMap((camera) =>
      sweepVariants.map((variant): EnvironmentEntry => {
        const space = observes === 'state' ? 'State' : 'Pixels';
        const view = camera === 'above' ? 'Allo' : 'Ego';
        const id = `SweepToTop-${robot}-${space}-${view}-${variant}-v0`;
        const task = sweepToTop({ variant, reward: 'sparse' });
        const entry = entryOf({ id, embodiment, task, camera, observes }, 'sweep');
        return { ...entry, fixedStart: variant === 'Demo' };
      }),
    ),
  );
}

function entryOf(options: XMagicalEnvOptions, scripted: ScriptedTask): EnvironmentEntry {
  return {
    id: options.id,
    spec: () => new XMagicalEnv(options).spec,
    make: async () => new XMagicalEnv(options),
    // Scripted policies steer by the state vector.
    ...(options.observes !== 'pixels' && { scripted: () => scriptedEntries(scripted, options.embodiment) }),
  };
}
