import { panda } from '../robots/panda.js';
import type { ManipulationEntry } from './catalogue.js';
import { buttonPressStyles } from './scripted/button.js';
import { canStyles } from './scripted/can.js';
import { doorCloseStyles, doorOpenStyles } from './scripted/door.js';
import { drawerCloseStyles, drawerOpenStyles } from './scripted/drawer.js';
import { faucetCloseStyles, faucetOpenStyles } from './scripted/faucet.js';
import { pushStyles } from './scripted/push.js';
import { squareStyles } from './scripted/square.js';
import { sweepIntoStyles } from './scripted/sweep-into.js';
import { windowCloseStyles, windowOpenStyles } from './scripted/window.js';
import { buttonPress } from './tasks/button-press.js';
import { can } from './tasks/can.js';
import { doorClose } from './tasks/door-close.js';
import { doorOpen } from './tasks/door-open.js';
import { drawerClose } from './tasks/drawer-close.js';
import { drawerOpen } from './tasks/drawer-open.js';
import { faucetClose } from './tasks/faucet-close.js';
import { faucetOpen } from './tasks/faucet-open.js';
import { push } from './tasks/push.js';
import { square } from './tasks/square.js';
import { sweepInto } from './tasks/sweep-into.js';
import { windowClose } from './tasks/window-close.js';
import { windowOpen } from './tasks/window-open.js';

const tasks: readonly Pick<ManipulationEntry, 'task' | 'styles'>[] = [
  { task: push, styles: pushStyles },
  { task: sweepInto, styles: sweepIntoStyles },
  { task: buttonPress, styles: buttonPressStyles },
  { task: drawerOpen, styles: drawerOpenStyles },
  { task: drawerClose, styles: drawerCloseStyles },
  { task: doorOpen, styles: doorOpenStyles },
  { task: doorClose, styles: doorCloseStyles },
  { task: windowOpen, styles: windowOpenStyles },
  { task: windowClose, styles: windowCloseStyles },
  { task: faucetOpen, styles: faucetOpenStyles },
  { task: faucetClose, styles: faucetCloseStyles },
  { task: can, styles: canStyles },
  { task: square, styles: squareStyles },
];

/** The tasks after Meta-World and robomimic that PEARL transfers preferences between, beside reach and lift. */
export const pearlEntries: readonly ManipulationEntry[] = tasks.map(({ task, styles }) => ({
  id: `franka/${task.name}`,
  arm: panda,
  task,
  styles,
}));
