import { type EnvSpec, InputError, nearestName, type Policy, type PrivilegedEnv } from '@rapport/core';
import { XMagicalEnv } from './xmagical/env.js';
import { type ScriptedEntry, type ScriptedTask, scriptedEntries } from './xmagical/scripted/catalogue.js';
import { sweepToTop, sweepVariants } from './xmagical/sweep-to-top.js';
import type { XMagicalTask } from './xmagical/task.js';
import { avoidTask } from './xmagical/tasks/avoid.js';
import { groupTask } from './xmagical/tasks/group.js';
import type { EmbodimentName } from './xmagical/view.js';

/** An environment that can be made. */
interface Entry {
  readonly id: string;
  readonly embodiment: EmbodimentName;
  readonly task: XMagicalTask;
  /** Which scripted policies fit. */
  readonly scripted: ScriptedTask;
}

const embodiments: readonly EmbodimentName[] = ['longstick', 'mediumstick', 'shortstick', 'gripper'];

const entries: ReadonlyMap<string, Entry> = new Map(
  embodiments
    .flatMap((embodiment): Entry[] => [
      { id: `xmagical/avoid-${embodiment}`, embodiment, task: avoidTask(embodiment), scripted: 'avoid' },
      { id: `xmagical/group-${embodiment}`, embodiment, task: groupTask(embodiment), scripted: 'group' },
      // The benchmark's own ids, for state observations and the camera from above.
      ...sweepVariants.map(
        (variant): Entry => ({
          id: `SweepToTop-${embodiment[0]!.toUpperCase()}${embodiment.slice(1)}-State-Allo-${variant}-v0`,
          embodiment,
          task: sweepToTop({ variant, reward: 'sparse' }),
          scripted: 'sweep',
        }),
      ),
    ])
    .map((entry) => [entry.id, entry]),
);

/** Every environment, RAPL's two tasks first. */
export function environments(): EnvSpec[] {
  const ids = [...entries.keys()].sort((a, b) => Number(b.startsWith('xmagical/')) - Number(a.startsWith('xmagical/')));
  return ids.map((id) => makeEnv(id).spec);
}

/**
 * Makes an environment.
 * @throws InputError when there is none of that id, naming the nearest
 */
export function makeEnv(id: string): PrivilegedEnv {
  const { embodiment, task } = findEntry(id);
  return new XMagicalEnv({ id, embodiment, task });
}

/** The scripted policies of an environment; `mixed` draws another one for every episode. */
export function scriptedPolicies(envId: string): ScriptedEntry[] {
  const { scripted, embodiment } = findEntry(envId);
  return scriptedEntries(scripted, embodiment);
}

/**
 * A scripted policy by name.
 * @throws InputError when the environment or the policy is unknown
 */
export function scriptedPolicy(envId: string, name: string): Policy {
  const offered = scriptedPolicies(envId);
  const entry = offered.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    throw new InputError(
      `${envId} has no scripted policy "${name}"; it has ${offered.map((one) => one.name).join(', ')}`,
    );
  }
  return entry.create();
}

function findEntry(id: string): Entry {
  const entry = entries.get(id);
  if (entry === undefined) {
    const nearest = nearestName(id, [...entries.keys()]);
    throw new InputError(
      `there is no environment "${id}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
      {
        fix: 'list them with `rapport envs`',
      },
    );
  }
  return entry;
}
