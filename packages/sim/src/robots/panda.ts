import type { ArmModel, Inertial } from './arm-model.js';
import { frankaBaseShapes, frankaGains, frankaHand, frankaHome, frankaLinks } from './franka-arm.js';

/**
 * The parameters that C. Gaz et al. identified ("Dynamic Identification of the Franka Emika Panda Robot With Retrieval
 * of Feasible Parameters Using Penalty-Based Optimization", RA-L 2019) as MuJoCo Menagerie ships them. The
 * manufacturer's URDF set for this arm is about 17 % low on the largest gravity torque, and one of its tensors is not
 * physical.
 */
const linkInertials: readonly Inertial[] = [
  {
    mass: 4.970684,
    centre: [0.003875, 0.002081, -0.04762],
    inertia: [0.70337, 0.70661, 0.009117, -0.000139, 0.006772, 0.019169],
  },
  {
    mass: 0.646926,
    centre: [-0.003141, -0.02872, 0.003495],
    inertia: [0.007962, 0.02811, 0.025995, -0.003925, 0.010254, 0.000704],
  },
  {
    mass: 3.228604,
    centre: [0.027518, 0.039252, -0.066502],
    inertia: [0.037242, 0.036155, 0.01083, -0.004761, -0.011396, -0.012805],
  },
  {
    mass: 3.587895,
    centre: [-0.05317, 0.104419, 0.027454],
    inertia: [0.025853, 0.019552, 0.028323, 0.007796, -0.001332, 0.008641],
  },
  {
    mass: 1.225946,
    centre: [-0.011953, 0.041065, -0.038437],
    inertia: [0.035549, 0.029474, 0.008627, -0.002117, -0.004037, 0.000229],
  },
  {
    mass: 1.666555,
    centre: [0.060149, -0.014117, -0.010517],
    inertia: [0.001964, 0.004354, 0.005433, 0.000109, -0.001158, 0.000341],
  },
  {
    mass: 0.735522,
    centre: [0.010517, -0.004252, 0.061597],
    inertia: [0.012516, 0.010027, 0.004815, -0.000428, -0.001196, -0.000741],
  },
];

/** Limits of the Franka Control Interface for the Panda (FER): position, velocity, acceleration, torque per joint. */
const limits = [
  { low: -2.8973, high: 2.8973, velocity: 2.175, acceleration: 15, torque: 87 },
  { low: -1.7628, high: 1.7628, velocity: 2.175, acceleration: 7.5, torque: 87 },
  { low: -2.8973, high: 2.8973, velocity: 2.175, acceleration: 10, torque: 87 },
  { low: -3.0718, high: -0.0698, velocity: 2.175, acceleration: 12.5, torque: 87 },
  { low: -2.8973, high: 2.8973, velocity: 2.61, acceleration: 15, torque: 12 },
  { low: -0.0175, high: 3.7525, velocity: 2.61, acceleration: 20, torque: 12 },
  { low: -2.8973, high: 2.8973, velocity: 2.61, acceleration: 20, torque: 12 },
];

const velocityRanges = limits.map(({ velocity }) => [-velocity, velocity] as const);

/** Franka Emika Panda with the Franka Hand; rotor inertia and joint damping as in MuJoCo Menagerie. */
export const panda: ArmModel = {
  name: 'panda',
  base: {
    inertial: {
      mass: 0.629769,
      centre: [-0.041018, -0.00014, 0.049974],
      inertia: [0.00315, 0.00388, 0.004285, 8.2904e-7, 0.00015, 8.2299e-6],
    },
    shapes: frankaBaseShapes,
  },
  links: frankaLinks(linkInertials, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 1),
  limits,
  gains: frankaGains,
  hand: frankaHand(
    { mass: 0.73, centre: [-0.01, 0, 0.03], inertia: [0.001, 0.0025, 0.0017, 0, 0, 0] },
    { mass: 0.015, centre: [0, 0, 0], inertia: [2.375e-6, 2.375e-6, 7.5e-7, 0, 0, 0] },
  ),
  home: frankaHome,
  reach: 1.1,
  torqueRate: 1000,
  cartesianSpeed: { translation: 1.7, rotation: 2.5 },
  velocityRange: (joint) => velocityRanges[joint]!,
};
