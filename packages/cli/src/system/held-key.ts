import type { ReadStream } from 'node:tty';
import { UsageError } from '../config/usage-error.js';

const SPACE = ' ';
const CONTROL_C = '\u0003';

/**
 * Watches whether the space bar is held in a terminal. A terminal tells no release: while a key is held it repeats, and who
 * listens takes the last repeat for as old as it is.
 * @param onPress called at the first press and at every repeat
 * @throws UsageError when the input is no terminal
 */
export function watchHeldKey(input: ReadStream, onPress: () => void): { close(): void } {
  if (!input.isTTY) {
    throw new UsageError('--holdToRun key needs a terminal to read the space bar from', {
      fix: 'start it in a terminal, or take a topic: --ros-args -p dead_man_topic:=/hold_to_run',
    });
  }
  const onData = (data: Buffer) => {
    const text = data.toString('utf8');
    // In raw mode Ctrl+C is a key like any other.
    if (text.includes(CONTROL_C)) process.kill(process.pid, 'SIGINT');
    else if (text.includes(SPACE)) onPress();
  };
  input.setRawMode(true);
  input.on('data', onData);
  input.resume();
  return {
    close() {
      input.off('data', onData);
      input.setRawMode(false);
      input.pause();
    },
  };
}
