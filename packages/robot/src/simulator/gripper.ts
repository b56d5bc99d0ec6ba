import type { ArmCell } from '@rapport/sim';

/** How a motion of the gripper ended. */
export interface GripperEnd {
  readonly success: boolean;
  /** Why not; empty after success. */
  readonly error: string;
}

interface Motion {
  readonly finish: (end: GripperEnd) => void;
  /** Looked at after every tick; an end, or undefined while it goes on. */
  readonly check: () => GripperEnd | undefined;
}

/** A width within this of its goal counts as reached, metres. */
const REACHED = 1e-3;
/** Fingers slower than this, m/s, for this many ticks are held up. */
const STILL_SPEED = 1e-3;
const STILL_TICKS = 200;
const HOMING_SPEED = 0.1;

/** The Franka Hand's own controller: one motion at a time, a new one ends the one before. */
export class Gripper {
  readonly #cell: ArmCell;
  #motion: Motion | undefined;
  #lastWidth = 0;
  #stillTicks = 0;

  constructor(cell: ArmCell) {
    this.#cell = cell;
  }

  /** Distance between the fingers, metres. */
  get width(): number {
    return this.#cell.state.gripperWidth;
  }

  get maxWidth(): number {
    return this.#cell.arm.hand.maxWidth;
  }

  get moving(): boolean {
    return this.#motion !== undefined;
  }

  /** Moves the fingers to a width. It fails when something holds them up. */
  move(width: number, speed: number): Promise<GripperEnd> {
    const refusal = this.#refusal(width, speed);
    if (refusal !== undefined) return Promise.resolve({ success: false, error: refusal });
    this.#cell.drive.setGripperGoal(width, speed);
    return this.#start(() => {
      if (this.#arrived(width)) return { success: true, error: '' };
      return this.#heldUp
        ? { success: false, error: `something holds the fingers up at ${this.#widthText()}` }
        : undefined;
    });
  }

  /**
   * Closes the fingers, or opens them when the object is wider than they are apart, until something stops them. It succeeds
   * when they stop at the object's width, give or take epsilon, as libfranka's `Gripper::grasp` does.
   */
  grasp(width: number, speed: number, force: number, inner: number, outer: number): Promise<GripperEnd> {
    const refusal = this.#refusal(width, speed);
    if (refusal !== undefined) return Promise.resolve({ success: false, error: refusal });
    const end = width > this.width + outer ? this.maxWidth : 0;
    this.#cell.drive.setGripperGoal(end, speed, force);
    return this.#start(() => {
      if (!this.#heldUp && !this.#arrived(end)) return undefined;
      const grasped = this.width > width - inner && this.width < width + outer;
      const found = `the fingers stopped at ${this.#widthText()}; expected ${(1000 * width).toFixed(1)} mm`;
      return { success: grasped, error: grasped ? '' : found };
    });
  }

  /** Closes and opens the fingers, as the hand does to find its range. */
  async homing(): Promise<GripperEnd> {
    await this.move(0, HOMING_SPEED);
    return this.move(this.maxWidth, HOMING_SPEED);
  }

  /** Stops the fingers where they are; a motion that was going on fails. */
  stop(): void {
    this.#cell.drive.stopGripper();
    this.#finish({ success: false, error: 'the gripper was stopped' });
  }

  /** After every tick. */
  update(): void {
    const speed = Math.abs(this.width - this.#lastWidth) / this.#cell.timestep;
    this.#lastWidth = this.width;
    this.#stillTicks = speed < STILL_SPEED ? this.#stillTicks + 1 : 0;
    const end = this.#motion?.check();
    if (end !== undefined) this.#finish(end);
  }

  get #heldUp(): boolean {
    return this.#stillTicks >= STILL_TICKS;
  }

  #arrived(width: number): boolean {
    return this.#cell.drive.gripperCommandArrived && Math.abs(this.width - width) < REACHED;
  }

  #start(check: Motion['check']): Promise<GripperEnd> {
    this.#finish({ success: false, error: 'a newer motion took its place' });
    this.#stillTicks = 0;
    return new Promise((finish) => {
      this.#motion = { check, finish };
    });
  }

  #finish(end: GripperEnd): void {
    const motion = this.#motion;
    this.#motion = undefined;
    motion?.finish(end);
  }

  #refusal(width: number, speed: number): string | undefined {
    if (!(width >= 0 && width <= this.maxWidth)) return `width is ${width} m; expected 0 to ${this.maxWidth}`;
    return speed > 0 ? undefined : `speed is ${speed} m/s; expected more than 0`;
  }

  #widthText(): string {
    return `${(1000 * this.width).toFixed(1)} mm`;
  }
}
