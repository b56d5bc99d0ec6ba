import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ImageSize,
  type Policy,
  type PrivilegedEnv,
  type RecordedEpisode,
  recordEpisode,
  type StopSignal,
} from '@rapport/core';
import type { PlayCommand, PlayPage, PlayPhase } from '@rapport/viewer';
import { Levers } from './levers.js';

export interface PlaySession {
  readonly env: PrivilegedEnv;
  readonly page: PlayPage;
  /** The camera that the page shows, and the size of what it shows. */
  readonly view: { readonly camera: string } & ImageSize;
  /** Pictures to record; none when empty. */
  readonly cameras: readonly ({ readonly camera: string } & ImageSize)[];
  /** Seeds of the episodes; one that is done again has the same start. */
  readonly seeds: readonly number[];
  /** The next command of the driver, taken off; undefined when there is none. */
  takeCommand(): PlayCommand | undefined;
  keep(episode: RecordedEpisode): Promise<void>;
  readonly signal: StopSignal | undefined;
}

/** Thrown out of an episode that the driver does again. */
class Again extends Error {}
/** Thrown out of an episode when the session ends. */
class Stopped extends Error {}

/** How often waiting looks for keys and commands. */
const POLL_MS = 10;

/**
 * Lets a person drive episodes one after another, in real time, and keeps those that the person wants kept. An episode that
 * is in progress when the session is stopped is dropped.
 * @returns the number of episodes that were kept
 */
export async function playEpisodes(session: PlaySession): Promise<number> {
  const { env, seeds, cameras } = session;
  let saved = 0;
  let phase: PlayPhase = 'ready';
  let success = false;
  let step = 0;
  const show = () => {
    const { camera, width, height } = session.view;
    session.page.show({
      phase,
      step,
      steps: env.spec.maxEpisodeSteps,
      saved,
      episodes: seeds.length,
      success,
      width,
      height,
      pixels: env.render(camera, { width, height }),
    });
  };
  const driver = new Driver(session, (nextPhase, nextStep) => {
    phase = nextPhase;
    step = nextStep;
    success = env.privileged.success();
    show();
  });
  try {
    while (saved < seeds.length) {
      const recorded = await driveOnce(driver, session, seeds[saved]!, cameras);
      if (recorded === undefined) continue;
      step = recorded.episode.length;
      success = recorded.privileged.success;
      if (!driver.savedEarly) {
        phase = 'ended';
        show();
        if (!(await driver.decide())) continue;
      }
      await session.keep(recorded);
      saved += 1;
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  phase = 'stopped';
  show();
  return saved;
}

/** One episode; undefined when it is to be done again. */
async function driveOnce(
  driver: Driver,
  { env }: PlaySession,
  seed: number,
  cameras: PlaySession['cameras'],
): Promise<RecordedEpisode | undefined> {
  try {
    return await recordEpisode(endingWhenSaved(env, driver), driver, { seed, cameras });
  } catch (error) {
    if (error instanceof Again) return undefined;
    throw error;
  }
}

/** The environment, whose episode also ends when the driver keeps it early. */
function endingWhenSaved(env: PrivilegedEnv, driver: Driver): PrivilegedEnv {
  return {
    spec: env.spec,
    privileged: env.privileged,
    reset: (options) => env.reset(options),
    step: (action) => {
      const result = env.step(action);
      return driver.savedEarly && !result.terminated ? { ...result, truncated: true } : result;
    },
    render: (camera, size, out) => env.render(camera, size, out),
    scene: () => env.scene(),
    writePoses: (out) => env.writePoses(out),
    close: () => env.close(),
  };
}

/** The person as a policy: an action is due when its control step begins on the clock. */
class Driver implements Policy {
  readonly name = 'human';
  /** The driver has kept the episode before its end. */
  savedEarly = false;
  readonly #session: PlaySession;
  readonly #show: (phase: PlayPhase, step: number) => void;
  #levers: Levers | undefined;
  #step = 0;
  #dueMs = 0;

  constructor(session: PlaySession, show: (phase: PlayPhase, step: number) => void) {
    this.#session = session;
    this.#show = show;
  }

  reset(): void {
    this.#levers = undefined;
    this.#step = 0;
    this.savedEarly = false;
  }

  async act(observation: Float32Array): Promise<Float32Array> {
    const { env, page } = this.#session;
    const { actionSpace, observationSpace, controlHz } = env.spec;
    this.#levers ??= new Levers(actionSpace, controlHz, observationSpace, observation);
    this.#show(this.#step === 0 ? 'ready' : 'running', this.#step);
    if (this.#step === 0) {
      while (page.levels.every((level) => level === 0)) await this.#pause();
      this.#dueMs = performance.now();
    }
    while (performance.now() < this.#dueMs && !this.savedEarly) await this.#pause();
    // Time that a slow step took is not caught up with.
    this.#dueMs = Math.max(this.#dueMs, performance.now()) + 1000 / controlHz;
    this.#step += 1;
    return this.#levers.action(page.levels);
  }

  /** Waits until the driver says what becomes of an episode that has ended: true keeps it. */
  async decide(): Promise<boolean> {
    for (;;) {
      const command = this.#command();
      if (command !== undefined) return command === 'save';
      await sleep(POLL_MS);
    }
  }

  async #pause(): Promise<void> {
    const command = this.#command();
    if (command === 'redo') throw new Again();
    // What has not begun cannot be kept.
    if (command === 'save' && this.#step > 0) this.savedEarly = true;
    await sleep(POLL_MS);
  }

  #command(): PlayCommand | undefined {
    const command = this.#session.takeCommand();
    if (command === 'stop' || this.#session.signal?.aborted) throw new Stopped();
    return command;
  }
}
