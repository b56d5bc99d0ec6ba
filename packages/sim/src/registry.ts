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
  spec(): EnvSpec;
  make(): Promise<PrivilegedEnv>;
  /** Its scripted policies, the last one `mixed`. */
  scripted(): ScriptedEntry[];
}

function xmagicalEntry(id: string, embodiment: EmbodimentName, task: XMagicalTask, scripted: ScriptedTask): Entry {
  return {
    id,
    spec: () => new XMagicalEnv({ id, embodiment, task }).spec,
    make: async () => new XMagicalEnv({ id, embodiment, task }),
    scripted: () => scriptedEntries(scripted, embodiment),
  };
}

const embodiments: readonly EmbodimentName[] = ['longstick', 'mediumstick', 'shortstick', 'gripper'];

const entries: ReadonlyMap<string, Entry> = new Map(
  embodiments
    .flatMap((embodiment): Entry[] => [
      xmagicalEntry(`xmagical/avoid-${embodiment}`, embodiment, avoidTask(embodiment), 'avoid'),
      xmagicalEntry(`xmagical/group-${embodiment}`, embodiment, groupTask(embodiment), 'group'),
      // The benchmark's own ids, for state observations and the camera from above.
      ...sweepVariants.map((variant) => {
        const id = `SweepToTop-${embodiment[0]!.toUpperCase()}${embodiment.slice(1)}-State-Allo-${variant}-v0`;
        return xmagicalEntry(id, embodiment, sweepToTop({ variant, reward: 'sparse' }), 'sweep');
      }),
    ])
    .map((entry) => [entry.id, entry]),
);

/** Every environment, RAPL's two tasks first. */
export function environments(): EnvSpec[] {
  const ids = [...entries.keys()].sort((a, b) => Number(b.startsWith('xmagical/')) - Number(a.startsWith('xmagical/')));
  return ids.map((id) => findEntry(id).spec());
}

/**
 * Makes an environment. It comes as a promise because what runs it may have to be loaded first; its steps are
 * synchronous. Close it when it is no longer needed: it may hold memory that the garbage collector does not see.
 * @throws InputError when there is none of that id, naming the nearest
 */
export async function makeEnv(id: string): Promise<PrivilegedEnv> {
  return findEntry(id).make();
}

/** The scripted policies of an environment; `mixed` draws another one for every episode. */
export function scriptedPolicies(envId: string): ScriptedEntry[] {
  return findEntry(envId).scripted();
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
