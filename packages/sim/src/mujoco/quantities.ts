import { InputError } from '@rapport/core';

/**
 * A part of one of MuJoCo's arrays. The view goes dead (length 0) when the WebAssembly heap grows, which any new model
 * may cause, and is then taken again.
 */
export class LiveSlice {
  readonly #whole: () => Float64Array;
  readonly #start: number;
  readonly #length: number;
  #view: Float64Array;

  constructor(whole: () => Float64Array, start: number, length: number) {
    this.#whole = whole;
    this.#start = start;
    this.#length = length;
    this.#view = whole().subarray(start, start + length);
  }

  /** The numbers as they are now: borrowed, written to by the next step. */
  get values(): Float64Array {
    if (this.#view.length === 0) this.#view = this.#whole().subarray(this.#start, this.#start + this.#length);
    return this.#view;
  }
}

/** A frame in the world: of a body, a geom or a site. Arrays are borrowed and change with the next step. */
export interface Frame {
  readonly name: string;
  /** Position in the world, metres, shape [3]. */
  readonly position: Float64Array;
  /** Rotation matrix worldFromFrame, row-major, shape [9]. */
  readonly rotation: Float64Array;
}

/** A body by its name. */
export interface Body extends Frame {
  /** Orientation worldFromBody as (w, x, y, z), shape [4]. */
  readonly quaternion: Float64Array;
  /**
   * Puts a free body, or a mocap body (a fixture whose place varies between episodes), somewhere, at rest.
   * @param position in the world, metres
   * @param quaternion (w, x, y, z); upright when absent
   * @throws InputError when the body can neither move freely nor is a mocap body
   */
  place(position: ArrayLike<number>, quaternion?: ArrayLike<number>): void;
  /** Velocity of the body's origin in the world, m/s, shape [3]; a new array. */
  linearVelocity(): Float64Array;
}

/** A hinge (radians) or slide (metres) joint by its name. */
export interface Joint {
  readonly name: string;
  position: number;
  /** rad/s or m/s. */
  velocity: number;
  /** Limits of the position, or infinite ones. */
  readonly range: readonly [low: number, high: number];
}

/** A scalar input of an actuator by its name. */
export interface Actuator {
  readonly name: string;
  control: number;
}

/** The numbers of a sensor by its name, in the order of MuJoCo's sensor documentation; borrowed. */
export interface Sensor {
  readonly name: string;
  readonly values: Float64Array;
}

/** Keeps one handle per name, made by `make` at the first call. */
export class NamedHandles<Handle> {
  readonly #handles = new Map<string, Handle>();
  readonly #make: (name: string) => Handle;

  constructor(make: (name: string) => Handle) {
    this.#make = make;
  }

  get(name: string): Handle {
    let handle = this.#handles.get(name);
    if (handle === undefined) {
      handle = this.#make(name);
      this.#handles.set(name, handle);
    }
    return handle;
  }
}

/** An error for a body that cannot be put anywhere. */
export function notPlaceable(name: string): InputError {
  return new InputError(`body "${name}" cannot be placed`, {
    fix: 'give it a <freejoint/>, or make it a child of the world with mocap="true"',
  });
}
