import type { Policy } from '@rapport/core';
import { scriptedPolicy } from '../registry.js';

/**
 * A policy that is made where it acts, for example in a worker thread: a module and plain data to make it from. The module
 * exports `makePolicy(data)`, which returns a policy or a promise of one.
 */
export interface PolicyModule {
  /** URL of plain JavaScript. */
  readonly module: string;
  readonly data: string;
}

/** Who acts: a scripted policy by its name, or a policy that a module makes. */
export type Actor = string | PolicyModule;

interface MakesPolicies {
  makePolicy(data: string): Policy | Promise<Policy>;
}

/** @throws InputError when there is no such scripted policy */
export async function makeActor(envId: string, actor: Actor): Promise<Policy> {
  if (typeof actor === 'string') return scriptedPolicy(envId, actor);
  const { makePolicy } = (await import(/* @vite-ignore */ actor.module)) as MakesPolicies;
  return makePolicy(actor.data);
}
