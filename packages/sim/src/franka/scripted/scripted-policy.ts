import { InputError, type RandomStream, type Vector3 } from '@rapport/core';
import type { ControlMode } from '../../control/modes.js';
import type { Style as OfferedStyle } from '../../scripted/style-entries.js';
import { type Choice, StyledPolicy } from '../../scripted/styled-policy.js';
import { readSight, type Sight } from './sight.js';

/** One leg of a plan. */
export interface Leg {
  /** Where the tool goes, metres in the world, looked up anew in every step. */
  readonly to: (sight: Sight) => Vector3;
  /** Turn of the hand about the world's z axis, rad; as it is when absent. */
  readonly yawRad?: (sight: Sight) => number;
  /** Width of the gripper, metres. */
  readonly gripper: number;
  /** Share of the greatest step; 1 when absent. */
  readonly speed?: number;
  /** When the leg is done; by default when the tool is within `tolerance` of where it goes. */
  readonly done?: (sight: Sight, stepsInLeg: number) => boolean;
  /** Metres; 0.01 when absent. */
  readonly tolerance?: number;
  /** The next leg begins after so many steps in any case. */
  readonly maxSteps: number;
}

/** Makes the legs of an episode from its first observation; the last leg stays when it is done. */
export type Plan = (sight: Sight, random: RandomStream) => readonly Leg[];

export type Style = OfferedStyle<Plan>;

export type DeltaMode = Extract<ControlMode, { readonly kind: 'cartesian-delta' | 'cartesian-delta-position' }>;

/** Noise changes slowly, as a hand's does: correlation from one step to the next. */
const NOISE_MEMORY = 0.7;

/**
 * Follows a plan from observations alone, in increments of the tool's target. Noise is on displacements, as a share of the
 * greatest step.
 */
export class ScriptedPolicy extends StyledPolicy<Plan> {
  readonly #mode: DeltaMode;
  /** Made at the first observation. */
  #legs: readonly Leg[] | undefined;
  #leg = 0;
  #stepsInLeg = 0;
  #noise: Vector3 = [0, 0, 0];

  /** @param choose picks the behaviour of an episode */
  constructor(mode: ControlMode, label: string, choose: Choice<Plan>) {
    super(label, choose);
    if (mode.kind !== 'cartesian-delta' && mode.kind !== 'cartesian-delta-position') {
      throw new InputError(
        `scripted policies move the tool by increments; they cannot drive control mode ${mode.kind}`,
      );
    }
    this.#mode = mode;
  }

  protected begin(): void {
    this.#legs = undefined;
    this.#leg = 0;
    this.#stepsInLeg = 0;
    this.#noise = [0, 0, 0];
  }

  act(observation: Float32Array): Float32Array {
    const sight = readSight(observation);
    this.#legs ??= this.behaviour.plan(sight, this.random);
    const leg = this.#presentLeg(sight);
    this.#stepsInLeg += 1;
    const step = this.#step(leg, sight);
    if (this.#mode.kind === 'cartesian-delta-position') return Float32Array.of(...step, leg.gripper);
    const largest = this.#mode.maxStepRad;
    const turn = leg.yawRad === undefined ? 0 : wrapped(leg.yawRad(sight) - sight.targetYawRad);
    return Float32Array.of(...step, 0, 0, Math.min(largest, Math.max(-largest, turn)), leg.gripper);
  }

  #presentLeg(sight: Sight): Leg {
    const legs = this.#legs!;
    while (this.#leg < legs.length - 1 && isDone(legs[this.#leg]!, sight, this.#stepsInLeg)) {
      this.#leg += 1;
      this.#stepsInLeg = 0;
    }
    return legs[this.#leg]!;
  }

  /** The displacement of this step, at most the greatest one long, with noise. */
  #step({ to, speed = 1 }: Leg, sight: Sight): Vector3 {
    const { maxStepMetres } = this.#mode;
    const goal = to(sight);
    const way = [0, 1, 2].map((axis) => goal[axis]! - sight.target[axis]!);
    const scale = Math.min(1, (speed * maxStepMetres) / Math.hypot(...way));
    const fresh = this.behaviour.noise * Math.sqrt(1 - NOISE_MEMORY ** 2);
    const drift = () => fresh * this.random.normal();
    const [x, y, z] = this.#noise;
    this.#noise = [NOISE_MEMORY * x + drift(), NOISE_MEMORY * y + drift(), NOISE_MEMORY * z + drift()];
    const noisy = way.map((value, axis) => {
      const moved = scale * value + maxStepMetres * this.#noise[axis]!;
      return Math.min(maxStepMetres, Math.max(-maxStepMetres, moved));
    });
    return [noisy[0]!, noisy[1]!, noisy[2]!];
  }
}

function isDone(leg: Leg, sight: Sight, stepsInLeg: number): boolean {
  if (stepsInLeg >= leg.maxSteps) return true;
  if (leg.done !== undefined) return leg.done(sight, stepsInLeg);
  const goal = leg.to(sight);
  const away = Math.hypot(goal[0] - sight.tcp[0], goal[1] - sight.tcp[1], goal[2] - sight.tcp[2]);
  return away <= (leg.tolerance ?? 0.01);
}

/** An angle brought into (-pi, pi]. */
function wrapped(angleRad: number): number {
  return Math.atan2(Math.sin(angleRad), Math.cos(angleRad));
}
