import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Installation, rosEnvironment, rosPython, rosState } from '@rapport/robot';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { ownDomain } from './domain.js';

const folder = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(folder));

const state = rosState();
/** Why the live tests cannot run; undefined when they can. */
export const rosMissing = state.ready ? undefined : state.reason;

/** How long anything that another process does may take, ms: minutes, because others may have the processors all the while. */
export const PATIENCE_MS = 120_000;

/**
 * Of tests that start commands on the graph, which wait for several things. On busy machines a process may get no processor for
 * minutes, or an arm be stopped too late (docs/ros2.md, "Known trouble"). A test that fails every time still fails.
 */
export const liveOptions = { timeout: 600_000, retry: 2 };

const domain = await ownDomain();

/** How long a process may take to end by itself, ms. */
const ENDING_MS = 60_000;

/** Processes that run, in the order in which they were started. Those of a try end with it, however it ends. */
const running: Peer[] = [];
let before = 0;
beforeEach(() => {
  before = running.length;
});
afterEach(() => endFrom(before));
afterAll(() => endFrom(0));

async function endFrom(first: number): Promise<void> {
  await Promise.all(running.splice(first).map((peer) => peer.stop()));
}

export function testEnvironment(): Record<string, string | undefined> {
  return { ...rosEnvironment((state as { installation: Installation }).installation), ROS_DOMAIN_ID: domain };
}

/** Something that a peer tells without being asked. */
export interface PeerEvent {
  readonly event: string;
  readonly name?: string;
  // biome-ignore lint/suspicious/noExplicitAny: what another process sends has the type of its message
  readonly message?: any;
  readonly policy?: string;
  readonly delta?: number;
}

/** A process with a node in it, which does what it is told. */
export class Peer {
  readonly events: PeerEvent[] = [];
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  /** What it printed beside answers and events. */
  errors = '';
  readonly #answers = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  readonly #waiting: { matches: (event: PeerEvent) => boolean; resolve: (event: PeerEvent) => void }[] = [];
  readonly #listeners = new Set<() => void>();
  #next = 0;

  /** @param rosArguments `--ros-args` and what follows it */
  static async start(language: 'node' | 'python', rosArguments: readonly string[] = []): Promise<Peer> {
    const python = rosPython((state as { installation: Installation }).installation);
    const [program, script] =
      language === 'node' ? [process.execPath, join(folder, 'peer.mjs')] : [python, join(folder, 'peer.py')];
    const peer = new Peer(spawn(program, [script, ...rosArguments], { env: testEnvironment(), cwd: folder }));
    await peer.event(({ event }) => event === 'ready');
    return peer;
  }

  /** Starts a command of `rapport`, whose events are the lines that it prints. */
  static command(words: readonly string[]): Peer {
    const main = join(root, 'packages/cli/dist/main.js');
    return new Peer(spawn(process.execPath, [main, ...words], { env: testEnvironment(), cwd: root }));
  }

  private constructor(child: ChildProcess) {
    running.push(this);
    this.process = child;
    this.ended = new Promise((resolve) => child.on('close', resolve));
    child.stderr!.on('data', (bytes) => this.#hear(String(bytes)));
    createInterface({ input: child.stdout! }).on('line', (line) => this.#take(line));
  }

  /** Does something in the peer; an error there is one here. */
  async ask<T = unknown>(op: string, command: Record<string, unknown> = {}): Promise<T> {
    const id = this.#next++;
    const answered = new Promise<{ value?: unknown; error?: string }>((resolve) => this.#answers.set(id, resolve));
    this.process.stdin!.write(`${JSON.stringify({ id, op, ...command })}\n`);
    const { value, error } = await inTime(answered, `an answer to ${op}`, this);
    if (error !== undefined) throw new Error(error);
    return value as T;
  }

  /**
   * The first event that matches, of those that came and those that will.
   * @param what named when none comes
   */
  event(matches: (event: PeerEvent) => boolean, what = 'an event'): Promise<PeerEvent> {
    const known = this.events.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return inTime(new Promise((resolve) => this.#waiting.push({ matches, resolve })), what, this);
  }

  /** Waits until it has printed something beside answers and events. */
  async says(what: string | RegExp): Promise<void> {
    const said = () => (typeof what === 'string' ? this.errors.includes(what) : what.test(this.errors));
    let look = () => {};
    const heard = new Promise<void>((resolve) => {
      look = () => {
        if (said()) resolve();
      };
    });
    this.#listeners.add(look);
    look();
    try {
      await inTime(heard, `"${what}"`, this);
    } finally {
      this.#listeners.delete(look);
    }
  }

  /** The first message that a subscription gets. */
  async message<T>(name: string, matches: (message: T) => boolean = () => true): Promise<T> {
    const came = (one: PeerEvent) => one.event === 'message' && one.name === name;
    try {
      return (await this.event((one) => came(one) && matches(one.message), `a message of ${name}`)).message;
    } catch (error) {
      const met = await this.ask<number>('matched', { name }).catch(() => 'an unknown number of');
      const got = this.events.filter(came).length;
      throw new Error(`${(error as Error).message} (${got} others came; it has met ${met} publishers)`);
    }
  }

  /** Waits until a publisher or subscription has met this many other ends. */
  async untilMatched(name: string, count = 1): Promise<void> {
    await until(
      async () => (await this.ask<number>('matched', { name })) >= count,
      `${name} to meet ${count} other ends`,
    );
  }

  /** Asks the process to end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), ENDING_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #hear(text: string): void {
    this.errors += text;
    for (const listener of this.#listeners) listener();
  }

  #take(line: string): void {
    let record: PeerEvent & { id?: number; value?: unknown; error?: string };
    try {
      record = JSON.parse(line);
    } catch {
      this.#hear(`${line}\n`);
      return;
    }
    if (record.id !== undefined) {
      this.#answers.get(record.id)?.(record);
      return;
    }
    this.events.push(record);
    for (const one of this.#waiting.filter(({ matches }) => matches(record))) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      one.resolve(record);
    }
  }
}

/**
 * Waits until a condition holds.
 * @param told more to say when it does not, for example what a process has printed
 */
export async function until(
  condition: () => Promise<boolean> | boolean,
  what: string,
  told?: () => string,
): Promise<void> {
  const endsAt = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > endsAt) {
      throw new Error(`waited ${PATIENCE_MS / 1000} s in vain for ${[what, told?.()].filter(Boolean).join(': ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function inTime<T>(promise: Promise<T>, what: string, peer: Peer): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}: ${peer.errors}`)), PATIENCE_MS);
  });
  const ended = peer.ended.then((code) => {
    throw new Error(`the process ended (${code}) before ${what}: ${peer.errors}`);
  });
  try {
    return await Promise.race([promise, late, ended]);
  } finally {
    clearTimeout(timer);
    ended.catch(() => {});
  }
}
