import type { SafetyLimits, Stop } from '../safety/index.js';
import { CLOCK_TOLERANCE, type Unsynchronised } from './synchronise.js';

/** What the runner knows of the arm and its surroundings at a tick. */
export interface Situation {
  /** Seconds. */
  readonly now: number;
  /** External force (N) and moment (N m) on the tool, and torques on the joints (N m); absent when nothing tells. */
  readonly contact?: { readonly force: number; readonly moment: number; readonly jointTorques: ArrayLike<number> };
  /** Largest distance of a joint from where it was sent, rad, and which joint, from 0; absent when nothing tells. */
  readonly tracking?: { readonly error: number; readonly joint: number };
  /** Why there is nothing new to act on; absent when there is. */
  readonly unsynchronised?: Unsynchronised;
  /** Since when no chunk has had an action for the present step; undefined while one has, or none has come yet. */
  readonly withoutActionSince?: number;
  /** When the operator last signed that all is well; absent when no sign is asked for. */
  readonly deadMan?: { readonly source: string; readonly heldAt: number };
  /** Why the robot itself does not move, for example `reflex`; absent while it does. */
  readonly robotMode?: string;
}

/** Why the arm has to be held, if it has to: the first of what is wrong, the gravest first. */
export function stopCause(situation: Situation, limits: SafetyLimits): Stop | undefined {
  return (
    robotStop(situation) ??
    contactStop(situation, limits) ??
    trackingStop(situation, limits) ??
    deadManStop(situation, limits) ??
    observationStop(situation) ??
    chunkStop(situation, limits)
  );
}

function robotStop({ robotMode }: Situation): Stop | undefined {
  if (robotMode === undefined) return undefined;
  return { cause: 'robot_mode', where: robotMode, value: Number.NaN, allowed: Number.NaN };
}

function contactStop({ contact }: Situation, { contact: limits }: SafetyLimits): Stop | undefined {
  if (contact === undefined) return undefined;
  // Written so that a number that is none stops, too.
  if (!(contact.force <= limits.force)) {
    return { cause: 'external_force', where: 'tool', value: contact.force, allowed: limits.force };
  }
  if (!(contact.moment <= limits.moment)) {
    return { cause: 'external_moment', where: 'tool', value: contact.moment, allowed: limits.moment };
  }
  for (const [joint, allowed] of limits.jointTorque.entries()) {
    const value = contact.jointTorques[joint] ?? Number.NaN;
    if (!(Math.abs(value) <= allowed)) {
      return { cause: 'external_joint_torque', where: `joint ${joint + 1}`, value, allowed };
    }
  }
  return undefined;
}

function trackingStop({ tracking }: Situation, { trackingError }: SafetyLimits): Stop | undefined {
  if (tracking === undefined || tracking.error <= trackingError) return undefined;
  const where = `joint ${tracking.joint + 1}`;
  return { cause: 'tracking_error', where, value: tracking.error, allowed: trackingError };
}

function deadManStop({ deadMan, now }: Situation, { watchdog }: SafetyLimits): Stop | undefined {
  if (deadMan === undefined) return undefined;
  const value = now - deadMan.heldAt;
  if (value <= watchdog.deadManAge) return undefined;
  return { cause: 'dead_man', where: deadMan.source, value, allowed: watchdog.deadManAge };
}

function observationStop({ unsynchronised }: Situation): Stop | undefined {
  if (unsynchronised === undefined) return undefined;
  const { kind, source, age, maxAge } = unsynchronised;
  if (kind === 'ahead') return { cause: 'clock_ahead', where: source, value: -age, allowed: CLOCK_TOLERANCE };
  return { cause: 'observation_age', where: source, value: age, allowed: maxAge };
}

function chunkStop({ withoutActionSince, now }: Situation, { watchdog }: SafetyLimits): Stop | undefined {
  if (withoutActionSince === undefined) return undefined;
  const value = now - withoutActionSince;
  if (value <= watchdog.chunkDeadline) return undefined;
  return { cause: 'chunk_deadline', where: 'policy', value, allowed: watchdog.chunkDeadline };
}
