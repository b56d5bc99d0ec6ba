export type { JointTarget } from './aim.js';
export { SafetyEnvelope } from './envelope.js';
export {
  type Clamp,
  type ClampLimit,
  describeEvent,
  latchedStops,
  type Stop,
  type StopCause,
} from './events.js';
export { type ArmName, armNames, type HardwareLimits, hardwareLimits } from './hardware-limits.js';
export {
  contactThresholds,
  type LimitsName,
  limitsNames,
  parseLimits,
  readLimits,
  type SafetyLimits,
  shippedLimits,
} from './limits.js';
export { LimitChecker } from './testing/limit-checker.js';
