import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readTerminalKeys } from './terminal-keys.js';

function terminal() {
  const modes: boolean[] = [];
  const source = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) });
  return { source, modes };
}

describe('readTerminalKeys', () => {
  it('takes arrows and letters for the same commands, and no other key', async () => {
    const { source } = terminal();
    const taken: string[] = [];
    const leave = readTerminalKeys(
      source,
      (command) => taken.push(command),
      () => taken.push('interrupt'),
    );
    source.write('\x1b[C\x1b[D nrxq\x1b[A');
    await new Promise(setImmediate);
    expect(taken).toEqual(['save', 'redo', 'save', 'redo', 'stop']);
    leave();
  });

  it('takes Escape alone for stop', async () => {
    const { source } = terminal();
    let leave = () => {};
    const command = new Promise<string>((resolve) => {
      leave = readTerminalKeys(source, resolve, () => resolve('interrupt'));
    });
    source.write('\x1b');
    expect(await command).toBe('stop');
    leave();
  });

  it('hands on Ctrl+C, which raw mode takes from the terminal, and gives the terminal back', async () => {
    const { source, modes } = terminal();
    const taken: string[] = [];
    const leave = readTerminalKeys(
      source,
      (command) => taken.push(command),
      () => taken.push('interrupt'),
    );
    source.write('\x03\x0e');
    await new Promise(setImmediate);
    expect(taken).toEqual(['interrupt']);
    leave();
    expect(modes).toEqual([true, false]);
    expect(source.isPaused()).toBe(true);
  });

  it('leaves input alone that is no terminal', () => {
    const source = new PassThrough();
    readTerminalKeys(
      source,
      () => {},
      () => {},
    )();
    expect(source.listenerCount('data') + source.listenerCount('keypress')).toBe(0);
  });
});
