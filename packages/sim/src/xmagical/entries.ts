import type { EnvironmentEntry } from '../entry.js';
import { XMagicalEnv, type XMagicalEnvOptions } from './env.js';
import { type ScriptedTask, scriptedEntries } from './scripted/catalogue.js';
import { sweepToTop, sweepVariants } from './sweep-to-top.js';
import { avoidTask } from './tasks/avoid.js';
import { groupTask } from './tasks/group.js';
import type { EmbodimentName } from './view.js';

const embodiments: readonly EmbodimentName[] = ['longstick', 'mediumstick', 'shortstick', 'gripper'];

/** RAPL's two tasks and the benchmark itself, for every robot. */
export function xmagicalEntries(): EnvironmentEntry[] {
  return embodiments.flatMap((embodiment) => [
    preferenceEntry(embodiment, 'avoid'),
    preferenceEntry(embodiment, 'group'),
    ...sweepEntries(embodiment),
  ]);
}

function preferenceEntry(embodiment: EmbodimentName, name: 'avoid' | 'group'): EnvironmentEntry {
  const task = name === 'avoid' ? avoidTask(embodiment) : groupTask(embodiment);
  return entryOf({ id: `xmagical/${name}-${embodiment}`, embodiment, task }, name);
}

/** The benchmark under its own ids. */
function sweepEntries(embodiment: EmbodimentName): EnvironmentEntry[] {
  return sweepVariants.map((variant) => {
    const id = `SweepToTop-${embodiment[0]!.toUpperCase()}${embodiment.slice(1)}-State-Allo-${variant}-v0`;
    const task = sweepToTop({ variant, reward: 'sparse' });
    return { ...entryOf({ id, embodiment, task }, 'sweep'), fixedStart: variant === 'Demo' };
  });
}

function entryOf(options: XMagicalEnvOptions, scripted: ScriptedTask): EnvironmentEntry {
  return {
    id: options.id,
    spec: () => new XMagicalEnv(options).spec,
    make: async () => new XMagicalEnv(options),
    scripted: () => scriptedEntries(scripted, options.embodiment),
  };
}
