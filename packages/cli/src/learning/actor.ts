import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkPolicyFits, type EnvSpec, InputError } from '@rapport/core';
import { openPolicy, policyModule } from '@rapport/policy';
import { type Actor, scriptedPolicies } from '@rapport/sim';
import { policyFolder } from './policy-folder.js';

/**
 * Who acts, as named on the command line: a scripted policy of the environment, else the folder of a trained or imported
 * policy, or of the run that made it.
 * @throws InputError when it is neither, or the policy does not fit the environment
 */
export async function chooseActor(spec: EnvSpec, named: string): Promise<Actor> {
  const scripted = scriptedPolicies(spec.id).map(({ name }) => name);
  if (scripted.includes(named)) return named;
  const folder = policyFolder(named);
  if (!existsSync(join(folder, 'policy.json'))) {
    throw new InputError(
      `"${named}" is neither a scripted policy of ${spec.id} (${scripted.join(', ')}) nor a folder with a policy.json`,
    );
  }
  const { policy } = await openPolicy(folder);
  await policy.close();
  checkPolicyFits(policy, spec);
  return policyModule(folder);
}
