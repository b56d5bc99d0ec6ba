import type { EnvironmentEntry } from '../entry.js';
import { loadRobotAssets } from '../robots/robot-assets.js';
import { manipulationEntries } from './catalogue.js';
import { ManipulationEnv, manipulationSpec } from './env.js';
import { scriptedStyles } from './scripted/styles.js';

/** Every manipulation environment, for the registry. */
export function manipulationEnvironments(): EnvironmentEntry[] {
  return manipulationEntries.map((entry) => ({
    id: entry.id,
    spec: () => manipulationSpec(entry),
    takesAssets: true,
    make: async ({ assets } = {}) =>
      ManipulationEnv.create(
        assets === undefined ? entry : { ...entry, arm: await loadRobotAssets(assets, entry.arm) },
      ),
    scripted: () => scriptedStyles(entry.task.control, entry.styles),
  }));
}
