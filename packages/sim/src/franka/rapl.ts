import { iiwa14 } from '../robots/iiwa14.js';
import { panda } from '../robots/panda.js';
import type { ManipulationEntry } from './catalogue.js';
import { chipsStyles } from './scripted/chips.js';
import { clutterStyles } from './scripted/clutter.js';
import { cupStyles } from './scripted/cup.js';
import { forkStyles } from './scripted/fork.js';
import { groupStyles } from './scripted/group.js';
import { chipsTask } from './tasks/chips.js';
import { clutterTask } from './tasks/clutter.js';
import { cupTask } from './tasks/cup.js';
import { forkTask } from './tasks/fork.js';
import { frankaGroupBase, groupTask, kukaGroupBase } from './tasks/group.js';

/** The manipulation tasks on which RAPL was shown. */
export const raplEntries: readonly ManipulationEntry[] = [
  { id: 'franka/group', arm: panda, task: groupTask(frankaGroupBase), styles: groupStyles },
  { id: 'franka/clutter', arm: panda, task: clutterTask, styles: clutterStyles },
  { id: 'kuka/group', arm: iiwa14, task: groupTask(kukaGroupBase), styles: groupStyles },
  { id: 'franka/cup', arm: panda, task: cupTask, styles: cupStyles },
  { id: 'franka/chips', arm: panda, task: chipsTask, styles: chipsStyles },
  { id: 'franka/fork', arm: panda, task: forkTask, styles: forkStyles },
];
