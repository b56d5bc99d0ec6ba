import type { EnvironmentEntry } from '../entry.js';
import { manipulationEntries } from './catalogue.js';
import { ManipulationEnv, manipulationSpec } from './env.js';
import { scriptedStyles } from './scripted/styles.js';

/** Every manipulation environment, for the registry. */
export function manipulationEnvironments(): EnvironmentEntry[] {
  return manipulationEntries.map((entry) => ({
    id: entry.id,
    spec: () => manipulationSpec(entry),
    make: () => ManipulationEnv.create(entry),
    scripted: () => scriptedStyles(entry.task.control, entry.styles),
  }));
}
