import type { EnvSpec } from '@rapport/core';
import type { EnvironmentEntry } from '../entry.js';
import { GymEnv } from './env.js';

const specs = new Map<string, EnvSpec>();

/** The entry of `gym:PACKAGE/ID`. What the environment is, is asked of Python once. */
export function gymEntry(id: string): EnvironmentEntry {
  const make = () => {
    const env = new GymEnv(id);
    specs.set(id, env.spec);
    return env;
  };
  return {
    id,
    spec: () => {
      const known = specs.get(id);
      if (known !== undefined) return known;
      const env = make();
      env.close();
      return env.spec;
    },
    make: async () => make(),
  };
}
