import {
  boxSpace,
  checkVector,
  type EnvSpec,
  type ImageSize,
  InputError,
  type PrivilegedEnv,
  type ResetResult,
  type Scene,
  type StepResult,
  type Way,
} from '@rapport/core';
import { StateReader } from '../chipmunk/snapshot.js';
import { NumpyRandomState } from '../numpy/random-state.js';
import { type ArenaCamera, ArenaRenderer } from '../render/arena-renderer.js';
import type { ArenaState } from './arena-state.js';
import { readLayout, writeLayout } from './layout-state.js';
import { arenaScene } from './scene.js';
import type { XMagicalTask } from './task.js';
import { type ArenaContents, arenaView, type EmbodimentName } from './view.js';
import { CONTROL_HZ, XMagicalWorld } from './world.js';

export interface XMagicalEnvOptions {
  /** For example `xmagical/avoid-longstick`. */
  readonly id: string;
  readonly embodiment: EmbodimentName;
  readonly task: XMagicalTask;
  /** The first camera; `above` when absent. */
  readonly camera?: ArenaCamera;
  /** What is observed: the task's state vector, or in its stead a picture of the first camera. `state` when absent. */
  readonly observes?: 'state' | 'pixels';
}

const cameras: readonly ArenaCamera[] = ['above', 'ego'];
/** Side of the pictures that the original observes. */
const PIXELS = 384;

/**
 * An X-Magical environment: a task on the arena's physics, with X-Magical's clock (8 control steps a second) and time
 * limit. Without a seed, `reset` goes on with the random numbers of the last one, as the original does; the first
 * reset without a seed takes seed 0.
 */
export class XMagicalEnv implements PrivilegedEnv {
  readonly spec: EnvSpec;
  readonly privileged: PrivilegedEnv['privileged'];
  readonly #embodiment: EmbodimentName;
  readonly #task: XMagicalTask;
  readonly #pixels: boolean;
  readonly #memory: Float64Array;
  #random = new NumpyRandomState(0);
  #world: XMagicalWorld | undefined;
  #stepsDone = 0;
  #ended = false;
  /** What the renderers below show, as text: they last as long as it stays the same. */
  #shown = '';
  readonly #renderers = new Map<string, ArenaRenderer>();
  #viewPoses = new Float64Array(0);

  constructor({ id, embodiment, task, camera = 'above', observes = 'state' }: XMagicalEnvOptions) {
    this.#pixels = observes === 'pixels';
    this.#embodiment = embodiment;
    this.#task = task;
    this.#memory = new Float64Array(task.memorySize);
    this.spec = {
      id,
      summary: task.summary,
      observationSpace: boxSpace(this.#pixels ? [] : task.observationEntries(embodiment)),
      ...(this.#pixels && { pictureObservation: { width: PIXELS, height: PIXELS } }),
      actionSpace: actionSpace(embodiment, task.actionRange),
      controlHz: CONTROL_HZ,
      maxEpisodeSteps: task.maxEpisodeSteps(embodiment),
      cameras: [camera, ...cameras.filter((other) => other !== camera)],
    };
    this.privileged = {
      stepScore: () => task.stepScore(this.#started(), this.#memory),
      success: () => task.success(this.#started(), this.#memory),
      ...(task.ways && { way: () => wayOf(task, this.#started(), this.#memory) }),
      state: () => this.#saveState(),
      restore: (state) => this.#restoreState(state),
    };
  }

  reset(options: { readonly seed?: number } = {}): ResetResult {
    if (options.seed !== undefined) this.#random = new NumpyRandomState(options.seed);
    this.#world = new XMagicalWorld(this.#embodiment, this.#task.drawLayout(this.#random));
    this.#memory.fill(0);
    this.#stepsDone = 0;
    this.#ended = false;
    this.#dropStaleRenderers();
    return this.#pixels
      ? { observation: this.#observe(), picture: this.#picture(), info: {} }
      : { observation: this.#observe(), info: {} };
  }

  step(action: ArrayLike<number>): StepResult {
    const world = this.#started();
    if (this.#ended) throw new InputError(`${this.spec.id}: the episode has ended; call reset before the next step`);
    checkVector(this.spec.actionSpace, action, 'action');
    world.step(action);
    this.#task.remember(world, this.#memory);
    this.#stepsDone += 1;
    const reward = this.#task.reward(world, this.#memory);
    this.#ended = this.#stepsDone >= this.spec.maxEpisodeSteps;
    const observation = this.#observe();
    const truncated = this.#ended;
    return this.#pixels
      ? { observation, picture: this.#picture(), reward, terminated: false, truncated, info: {} }
      : { observation, reward, terminated: false, truncated, info: {} };
  }

  render(camera: string, size: ImageSize, out?: Uint8Array): Uint8Array {
    const known = cameras.find((name) => name === camera);
    if (known === undefined) {
      throw new InputError(`${this.spec.id} has no camera "${camera}"; it has "${cameras.join('" and "')}"`);
    }
    const world = this.#started();
    const picture = out ?? new Uint8Array(size.width * size.height * 3);
    world.writeViewPoses(this.#viewPoses);
    this.#renderer(known, size).render(this.#viewPoses, picture);
    return picture;
  }

  scene(): Scene {
    return arenaScene(this.#contents());
  }

  writePoses(out: Float32Array): void {
    this.#started().writeViewPoses(out);
  }

  close(): void {
    this.#world = undefined;
    this.#renderers.clear();
    this.#shown = '';
  }

  #started(): XMagicalWorld {
    if (this.#world === undefined) throw new InputError(`${this.spec.id}: no episode has begun; call reset first`);
    return this.#world;
  }

  /** The state vector; empty where pictures are observed. */
  #observe(): Float32Array {
    const observation = new Float32Array(this.spec.observationSpace.entries.length);
    if (!this.#pixels) this.#task.observe(this.#started(), observation);
    return observation;
  }

  #picture(): Uint8Array {
    return this.render(this.spec.cameras[0]!, { width: PIXELS, height: PIXELS });
  }

  #contents(): ArenaContents {
    const { layout, embodiment } = this.#started();
    const blocks = layout.blocks.map(({ shape, colour }) => ({ shape, colour }));
    return { embodiment, blocks, goal: layout.goal, zones: layout.zones };
  }

  /** Called when another world has been made: renderers draw what does not change within an episode in advance. */
  #dropStaleRenderers(): void {
    const shown = JSON.stringify(this.#contents());
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#renderers.clear();
    this.#viewPoses = new Float64Array(3 * this.#started().viewBodyCount);
  }

  /** The renderer of a camera and a size, made when it is first asked for. */
  #renderer(camera: ArenaCamera, size: ImageSize): ArenaRenderer {
    const key = `${camera} ${size.width}x${size.height}`;
    let renderer = this.#renderers.get(key);
    if (renderer === undefined) {
      renderer = new ArenaRenderer(arenaView(this.#contents()), size, camera);
      this.#renderers.set(key, renderer);
    }
    return renderer;
  }

  /** Layout, steps done, whether the episode has ended, the task's memory, then the physics. */
  #saveState(): Float64Array {
    const world = this.#started();
    const numbers: number[] = [];
    writeLayout(world.layout, numbers);
    numbers.push(this.#stepsDone, this.#ended ? 1 : 0, ...this.#memory);
    world.save(numbers);
    return Float64Array.from(numbers);
  }

  #restoreState(state: Float64Array): void {
    const reader = new StateReader(state);
    const world = new XMagicalWorld(this.#embodiment, readLayout(reader));
    const stepsDone = reader.integer('steps done', 0, this.spec.maxEpisodeSteps);
    const ended = reader.integer('ended', 0, 1) === 1;
    const memory = this.#memory.map(() => reader.next());
    world.load(reader);
    reader.end();
    this.#world = world;
    this.#stepsDone = stepsDone;
    this.#ended = ended;
    this.#memory.set(memory);
    this.#dropStaleRenderers();
  }
}

function wayOf({ ways, success }: XMagicalTask, arena: ArenaState, memory: Float64Array): Way {
  const name = ways !== undefined && success(arena, memory) ? ways.of(arena, memory) : 'none';
  return { name, preferred: name === ways?.preferred };
}

function actionSpace(embodiment: EmbodimentName, range: XMagicalTask['actionRange']) {
  // Speeds beyond 0.8 and headings beyond 0.0625 change nothing any more; closing takes 0 (open) to pi / 8 (closed).
  const bounds = range === 'declared' ? { speed: 1, heading: 1, closing: 1 } : effectiveBounds;
  const entries = [
    { name: 'forward_speed', unit: 'm/s', low: -bounds.speed, high: bounds.speed },
    { name: 'relative_heading', unit: 'rad', low: -bounds.heading, high: bounds.heading },
  ];
  const closing = { name: 'finger_closing', unit: 'rad', low: range === 'declared' ? -1 : 0, high: bounds.closing };
  return boxSpace(embodiment === 'gripper' ? [...entries, closing] : entries);
}

const effectiveBounds = { speed: 0.8, heading: 0.0625, closing: Math.PI / 8 };
