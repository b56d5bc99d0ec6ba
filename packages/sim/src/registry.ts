import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type EnvSpec, InputError, nearestName, type Policy, type PrivilegedEnv } from '@rapport/core';
import type { EnvironmentEntry, MakeOptions, ScriptedEntry } from './entry.js';
import { manipulationEnvironments } from './franka/entries.js';
import { gymEntry } from './gym/entry.js';
import { isGymId } from './gym/env.js';
import { randomPolicies } from './random-policies.js';
import { xmagicalEntries } from './xmagical/entries.js';

const entries = new Map<string, EnvironmentEntry>(
  [...xmagicalEntries(), ...manipulationEnvironments()].map((entry) => [entry.id, entry]),
);

/**
 * Makes an environment known under its id, to everything in this process that takes one.
 * @throws InputError when the id is empty, holds a space or a colon, or is taken
 */
export function registerEnvironment(entry: EnvironmentEntry): void {
  const { id } = entry;
  if (id === '' || /[\s:]/.test(id)) {
    throw new InputError(`"${id}" is no environment id; expected one without spaces and colons, as in "lab/pendulum"`);
  }
  if (entries.has(id)) throw new InputError(`there is an environment "${id}" already`);
  entries.set(id, entry);
}

/** Every environment, RAPL's two tasks first. */
export function environments(): EnvSpec[] {
  const ids = [...entries.keys()].sort((a, b) => Number(b.startsWith('xmagical/')) - Number(a.startsWith('xmagical/')));
  return ids.map((id) => findEntry(id).spec());
}

/**
 * Makes an environment. It comes as a promise because what runs it may have to be loaded first; its steps are
 * synchronous. Close it when it is no longer needed: it may hold memory that the garbage collector does not see.
 * @param id of a registered environment; or `FILE:ID`: FILE, an ES module, is imported first and registers ID; or
 *   `gym:PACKAGE/ID`, served by Python (see `GymEnv`)
 * @throws InputError when there is none of that id, naming the nearest, or FILE cannot be imported; when it has no arm
 *   that options could be for, or the folder holds no model of its arm
 * @throws UnavailableError when what runs the environment is not there
 */
export async function makeEnv(id: string, options: MakeOptions = {}): Promise<PrivilegedEnv> {
  const entry = await loadEntry(id);
  if (entry.hasArm !== true) {
    const { assets, contact } = options;
    const other = 'or take a manipulation environment (franka/, fr3/, kuka/)';
    if (assets !== undefined) {
      throw new InputError(`${id} has no arm to load from ${assets}: it takes no assets`, {
        fix: `leave --assets out, ${other}`,
      });
    }
    if (contact !== undefined) {
      throw new InputError(`${id} has no arm whose contacts could be limited`, {
        fix: `leave --contact-limits out, ${other}`,
      });
    }
  }
  return entry.make(options);
}

/** The entry of an environment, after importing the module that the id names. */
export async function loadEntry(id: string): Promise<EnvironmentEntry> {
  const file = splitReference(id).file;
  if (file !== undefined) await importModule(file);
  return findEntry(id);
}

/** How another thread or process names the environment: `FILE:ID` when a module of its own registers it. */
export function environmentReference(id: string): string {
  const entry = findEntry(id);
  return entry.module === undefined ? entry.id : `${entry.module}:${entry.id}`;
}

/** The scripted policies of an environment; `mixed` draws another one for every episode. */
export function scriptedPolicies(envId: string): ScriptedEntry[] {
  const entry = findEntry(envId);
  return entry.scripted?.() ?? randomPolicies(entry.spec().actionSpace);
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

function findEntry(reference: string): EnvironmentEntry {
  if (isGymId(reference)) return gymEntry(reference);
  const { file, id } = splitReference(reference);
  const entry = entries.get(id);
  if (entry !== undefined) return entry;
  if (file !== undefined) throw new InputError(`${file} registers no environment "${id}"`);
  const nearest = nearestName(id, [...entries.keys()]);
  throw new InputError(
    `there is no environment "${id}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
    { fix: 'list them with `rapport envs`' },
  );
}

/** `FILE:ID` as its parts; FILE ends in .js, .mjs or, where the runtime takes it, .ts. */
function splitReference(reference: string): { readonly file: string | undefined; readonly id: string } {
  const match = /^(.+\.m?[jt]s):([^:]+)$/.exec(reference);
  return match === null ? { file: undefined, id: reference } : { file: match[1]!, id: match[2]! };
}

async function importModule(file: string): Promise<void> {
  const url = file.startsWith('file:') ? file : pathToFileURL(isAbsolute(file) ? file : resolve(file)).href;
  try {
    await import(/* @vite-ignore */ url);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new InputError(`${file} could not be imported: ${reason}`, { cause });
  }
}
