import type { ArmModel, Inertial } from './arm-model.js';
import { frankaBaseShapes, frankaGains, frankaHand, frankaHome, frankaLinks } from './franka-arm.js';

/** The manufacturer's set (franka_description 1.0.1, robots/fr3/inertials.yaml). */
const linkInertials: readonly Inertial[] = [
  {
    mass: 2.92747,
    centre: [4.128e-7, -0.0181251, -0.0386036],
    inertia: [0.023927, 0.022482, 0.0063501, 1.332e-5, -0.000114, -0.001995],
  },
  {
    mass: 2.93554,
    centre: [0.00318289, -0.0743222, 0.00881461],
    inertia: [0.041939, 0.025145, 0.061702, 0.0002026, 0.004078, -0.004225],
  },
  {
    mass: 2.2449,
    centre: [0.0407016, -0.00482006, -0.0289731],
    inertia: [0.024101, 0.019741, 0.019044, 0.002405, -0.002856, -0.002104],
  },
  {
    mass: 2.6156,
    centre: [-0.0459101, 0.0630493, -0.00851879],
    inertia: [0.03453, 0.028882, 0.041255, 0.01323, 0.01015, -0.0009763],
  },
  {
    mass: 2.32712,
    centre: [-0.00160396, 0.0292536, -0.0972966],
    inertia: [0.05161, 0.047877, 0.016424, -0.005715, -0.003567, 0.01067],
  },
  {
    mass: 1.81704,
    centre: [0.0597131, -0.0410295, -0.0101693],
    inertia: [0.0054123, 0.014058, 0.016081, 0.006193, 0.001422, -0.001314],
  },
  {
    mass: 0.627143,
    centre: [0.00452258, 0.00862619, -0.0161633],
    inertia: [0.00021092, 0.00017719, 5.9932e-5, -2.433e-5, 4.564e-5, 8.744e-5],
  },
];

/** Limits of the Franka Control Interface for the FR3. */
const limits = [
  { low: -2.7437, high: 2.7437, velocity: 2.62, acceleration: 10, torque: 87 },
  { low: -1.7837, high: 1.7837, velocity: 2.62, acceleration: 10, torque: 87 },
  { low: -2.9007, high: 2.9007, velocity: 2.62, acceleration: 10, torque: 87 },
  { low: -3.0421, high: -0.1518, velocity: 2.62, acceleration: 10, torque: 87 },
  { low: -2.8065, high: 2.8065, velocity: 5.26, acceleration: 10, torque: 12 },
  { low: 0.5445, high: 4.5169, velocity: 4.18, acceleration: 10, torque: 12 },
  { low: -3.0159, high: 3.0159, velocity: 5.26, acceleration: 10, torque: 12 },
];

/** Constants of the velocity limits (libfranka 0.21.2, include/franka/rate_limiting.h): offset, slope, and end points. */
const velocityLaw = [
  { offset: 0.3, slope: 12, low: -2.7501, high: 2.7501 },
  { offset: 0.2, slope: 5.17, low: -1.7918, high: 1.7918 },
  { offset: 0.2, slope: 7, low: -2.9065, high: 2.9065 },
  { offset: 0.3, slope: 8, low: -3.0481, high: -0.1458 },
  { offset: 0.35, slope: 34, low: -2.8101, high: 2.8101 },
  { offset: 0.35, slope: 11, low: 0.54092, high: 4.5205 },
  { offset: 0.35, slope: 34, low: -3.0196, high: 3.0196 },
];

/**
 * The FR3's velocity limits: towards an end of a joint's range they fall with the square root of the distance.
 * @returns lowest and highest velocity, rad/s, at a position, rad
 */
export function fr3VelocityRange(joint: number, position: number): readonly [low: number, high: number] {
  const { velocity } = limits[joint]!;
  const { offset, slope, low, high } = velocityLaw[joint]!;
  const towardsHigh = Math.sqrt(Math.max(0, slope * (high - position))) - offset;
  const towardsLow = Math.sqrt(Math.max(0, slope * (position - low))) - offset;
  return [-Math.min(velocity, Math.max(0, towardsLow)), Math.min(velocity, Math.max(0, towardsHigh))];
}

/** Franka Research 3 with the Franka Hand; rotor inertia and joint damping as in MuJoCo Menagerie. */
export const fr3: ArmModel = {
  name: 'fr3',
  base: {
    inertial: {
      mass: 2.3966,
      centre: [-0.0172, 0.0004, 0.0745],
      inertia: [0.009, 0.0115, 0.0085, 0, 0.002, 0],
    },
    shapes: frankaBaseShapes,
  },
  links: frankaLinks(linkInertials, [0.195, 0.195, 0.195, 0.195, 0.074, 0.074, 0.074], 0.21),
  limits,
  gains: frankaGains,
  hand: frankaHand(
    {
      mass: 0.6544,
      centre: [-0.0000376, 0.0119128, 0.020726],
      inertia: [0.00186, 0.0003, 0.00174, 0, 0, -2e-5],
    },
    {
      mass: 0.0291,
      centre: [0, 0.015285, 0.0219675],
      inertia: [8.49e-6, 8.53e-6, 1.77e-6, 0, 0, -1.06e-6],
    },
  ),
  home: frankaHome,
  reach: 1.1,
  torqueRate: 1000,
  cartesianSpeed: { translation: 3, rotation: 2.5 },
  velocityRange: fr3VelocityRange,
};
