import type { StopProfile } from './stop-profile.js';

/** Share of the limits with which a joint comes to rest on its target; the rest is for what the target does meanwhile. */
const APPROACH_SHARE = 0.8;
/** Halvings of the range of jerks. */
const ITERATIONS = 24;
/** A joint whose stop ends this close to its target only has to stop, rad. */
const ON_TARGET = 1e-8;

/** One joint: rad, rad/s, rad/s^2. */
export interface JointMotion {
  position: number;
  velocity: number;
  acceleration: number;
}

/** Brings `motion` on by a time in which its jerk is constant. */
export function integrate(motion: JointMotion, jerk: number, time: number): void {
  const { position, velocity, acceleration } = motion;
  motion.position = position + time * (velocity + time * (0.5 * acceleration + (time * jerk) / 6));
  motion.velocity = velocity + time * (acceleration + 0.5 * time * jerk);
  motion.acceleration = acceleration + time * jerk;
}

/** Brings `motion` on by a period in which the joint stops accelerating, as fast as its jerk allows. */
export function coast(motion: JointMotion, largestJerk: number, period: number): void {
  const ramp = Math.min(period, Math.abs(motion.acceleration) / largestJerk);
  integrate(motion, -Math.sign(motion.acceleration) * largestJerk, ramp);
  if (ramp < period) motion.acceleration = 0;
  integrate(motion, 0, period - ramp);
}

/**
 * Brings `motion` on by a period that leads the joint to its target without passing it: with the jerk after which a stop,
 * seen from the moving target, would end on the target. Far away that is the largest jerk towards it, near it the jerk that
 * leads onto the braking curve; less when the joint would become faster than its cap. Where a stop ends grows with the jerk,
 * as does the velocity, so that halving finds it. On the braking curve, and on the target, the motion is the stop itself.
 * @param target where the joint should be when the period ends, and the velocity with which that moves
 * @param fastest cap of the velocity either way, rad/s
 * @param scratch a profile to plan in
 */
export function track(
  motion: JointMotion,
  target: { readonly position: number; readonly velocity: number },
  fastest: number,
  limits: { readonly acceleration: number; readonly jerk: number },
  period: number,
  scratch: StopProfile,
): void {
  const largest = APPROACH_SHARE * limits.acceleration;
  const approachJerk = APPROACH_SHARE * limits.jerk;
  const { position, velocity, acceleration } = motion;
  const present = position - (target.position - period * target.velocity);
  scratch.plan(present, velocity - target.velocity, acceleration, largest, approachJerk);
  if (Math.abs(scratch.restPosition) < ON_TARGET) {
    scratch.sample(1);
    motion.position = target.position + scratch.position;
    motion.velocity = target.velocity + scratch.velocity;
    motion.acceleration = scratch.acceleration;
    return;
  }
  const isTooMuch = (jerk: number): boolean => {
    motion.position = position;
    motion.velocity = velocity;
    motion.acceleration = acceleration;
    integrate(motion, jerk, period);
    const coasting = motion.velocity + (motion.acceleration * Math.abs(motion.acceleration)) / (2 * limits.jerk);
    if (Math.abs(coasting) > fastest) return coasting > 0;
    scratch.plan(
      motion.position - target.position,
      motion.velocity - target.velocity,
      motion.acceleration,
      largest,
      approachJerk,
    );
    return scratch.restPosition > 0;
  };
  let low = Math.max(-limits.jerk, (-limits.acceleration - acceleration) / period);
  let high = Math.min(limits.jerk, (limits.acceleration - acceleration) / period);
  if (isTooMuch(low)) return;
  if (!isTooMuch(high)) return;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const middle = 0.5 * (low + high);
    if (isTooMuch(middle)) high = middle;
    else low = middle;
  }
}
