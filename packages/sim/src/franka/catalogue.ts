import type { ArmModel } from '../robots/arm-model.js';
import { fr3 } from '../robots/fr3.js';
import { panda } from '../robots/panda.js';
import { pearlEntries } from './pearl.js';
import { raplEntries } from './rapl.js';
import { liftStyles } from './scripted/lift.js';
import { reachStyles } from './scripted/reach.js';
import type { Style } from './scripted/scripted-policy.js';
import type { ManipulationTask } from './task.js';
import { lift } from './tasks/lift.js';
import { reach } from './tasks/reach.js';

/** A manipulation environment: an arm, a task, and ways to do it well and badly. */
export interface ManipulationEntry {
  /** For example `franka/lift`. */
  readonly id: string;
  readonly arm: ArmModel;
  readonly task: ManipulationTask;
  readonly styles: readonly Style[];
}

/** Tasks for both of Franka's arms. */
const tasks: readonly Omit<ManipulationEntry, 'id' | 'arm'>[] = [
  { task: reach, styles: reachStyles },
  { task: lift, styles: liftStyles },
];

/** Every manipulation environment. */
export const manipulationEntries: readonly ManipulationEntry[] = [
  ...tasks.map(({ task, styles }) => ({ id: `franka/${task.name}`, arm: panda, task, styles })),
  ...tasks.map(({ task, styles }) => ({ id: `fr3/${task.name}`, arm: fr3, task, styles })),
  ...pearlEntries,
  ...raplEntries,
];
