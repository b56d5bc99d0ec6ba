import { resolve } from 'node:path';
import type { Policy } from '@rapport/core';
import { openPolicy } from './open-policy.js';

/** Opens a policy by its folder; what worker threads import. */
export async function makePolicy(directory: string): Promise<Policy> {
  return (await openPolicy(directory)).policy;
}

/** How another thread opens the policy of a folder: a module that exports `makePolicy`, and its argument. */
export function policyModule(directory: string): { readonly module: string; readonly data: string } {
  // A worker is plain JavaScript: on sources it is taken from the last build.
  const onSources = import.meta.url.endsWith('.ts');
  const module = new URL(onSources ? '../dist/policy-module.js' : './policy-module.js', import.meta.url).href;
  return { module, data: resolve(directory) };
}
