import { emitKeypressEvents, type Key } from 'node:readline';
import type { PlayCommand } from '@rapport/viewer';

/** LeRobot's keys, and letters for lines that keep the arrows to themselves. */
const commands: Readonly<Record<string, PlayCommand>> = {
  right: 'save',
  n: 'save',
  left: 'redo',
  r: 'redo',
  escape: 'stop',
  q: 'stop',
};

/** The part of `process.stdin` that is read. */
export type KeySource = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

/**
 * Takes the keys that keep, do again and stop from a terminal too; driving stays on the page, as a terminal does not tell how
 * long a key is held. Without a terminal nothing is read.
 * @param onInterrupt called at Ctrl+C, which a terminal that gives single keys makes no signal of
 * @returns leaves the terminal as it was
 */
export function readTerminalKeys(
  source: KeySource,
  onCommand: (command: PlayCommand) => void,
  onInterrupt: () => void,
): () => void {
  if (source.isTTY !== true) return () => {};
  const onKey = (_text: string | undefined, { name = '', ctrl }: Key) => {
    if (ctrl) {
      if (name === 'c') onInterrupt();
      return;
    }
    const command = commands[name];
    if (command !== undefined) onCommand(command);
  };
  emitKeypressEvents(source);
  source.setRawMode?.(true);
  source.on('keypress', onKey);
  source.resume();
  return () => {
    source.off('keypress', onKey);
    source.setRawMode?.(false);
    source.pause();
  };
}
