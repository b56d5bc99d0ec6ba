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
    hasArm: true,
    make: async ({ assets, contact } = {}) =>
      ManipulationEnv.create({
        ...entry,
        ...(assets !== undefined && { arm: await loadRobotAssets(assets, entry.arm) }),
        ...(contact !== undefined && { contact }),
      }),
    scripted: () => scriptedStyles(entry.task.control, entry.styles),
  }));
}
