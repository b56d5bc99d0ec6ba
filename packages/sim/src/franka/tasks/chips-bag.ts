import type { Rgb } from '@rapport/core';
import { type MjcfNode, mjcf } from '../../mujoco/mjcf.js';
import { rgba } from '../../robots/shapes.js';

/** How far each side of the middle gives way until it is flat, metres. */
export const CRUSH_RANGE = 0.012;

/** The seals at the two ends. */
export const seals = ['seal_front', 'seal_back'] as const;
/** Slides of the middle's two sides: 0 as it is, -CRUSH_RANGE crushed. */
export const middleSides = ['middle_left', 'middle_right'] as const;

/** A part of the bag along its length: two soft sides on springs. */
interface Section {
  readonly name: string;
  /** Metres. */
  readonly halfLength: number;
  /** Of one side. */
  readonly shape: Readonly<Record<string, string | number | readonly number[]>>;
  /** Distance of a side's middle from the bag's long axis, metres. */
  readonly aside: number;
  /** How far a side gives way, metres, and against which stiffness, N/m. */
  readonly give: number;
  readonly stiffness: number;
  /** Kilograms, of one side. */
  readonly mass: number;
  readonly colour: Rgb;
}

const foil: Rgb = [222, 172, 40];
const print: Rgb = [196, 44, 40];

/** Chips resist; the film at the ends bunches up. */
const middle: Section = {
  name: 'middle',
  halfLength: 0.03,
  shape: lying(0.02, 0.01),
  aside: 0.013,
  give: CRUSH_RANGE,
  stiffness: 1500,
  mass: 0.025,
  colour: print,
};
const end: Omit<Section, 'name'> = {
  halfLength: 0.022,
  shape: lying(0.016, 0.008),
  aside: 0.015,
  give: 0.01,
  stiffness: 3000,
  mass: 0.008,
  colour: foil,
};
const seal: Omit<Section, 'name'> = {
  halfLength: 0.011,
  shape: { type: 'box', size: [0.011, 0.0155, 0.0025] },
  aside: 0.0175,
  give: 0.012,
  stiffness: 3000,
  mass: 0.004,
  colour: [206, 210, 216],
};

/**
 * A small bag of chips, 19 cm long, 6.6 cm wide, 4 cm high, 0.11 kg, its length along x of its body, whose origin is the
 * bag's middle: five sections in a row, joined by sprung hinges so that it droops when it is held at an end, each with two
 * sides that give way on springs when they are squeezed together. It has no film: nothing of it wrinkles, twists or breaks.
 */
export function chipsBag(): MjcfNode {
  const [front, back] = seals;
  return mjcf('body', { name: 'bag', pos: [0.5, 0, 0.02] }, [
    mjcf('freejoint'),
    ...sides(middle),
    hinged({ ...end, name: 'end_front' }, 0.03, 1, [hinged({ ...seal, name: front }, 0.044, 1, [sealSite(front, 1)])]),
    hinged({ ...end, name: 'end_back' }, -0.03, -1, [
      hinged({ ...seal, name: back }, -0.044, -1, [sealSite(back, -1)]),
    ]),
  ]);
}

/** A capsule along x, by its radius and half length, metres. */
function lying(radius: number, halfLength: number): Section['shape'] {
  return { type: 'capsule', size: radius, fromto: [-halfLength, 0, 0, halfLength, 0, 0] };
}

/**
 * A section on a hinge.
 * @param at where the hinge is on the section before, metres along x
 * @param direction in which the section lies from its hinge: 1 along x, -1 against it
 */
function hinged(section: Section, at: number, direction: 1 | -1, beyond: readonly MjcfNode[]): MjcfNode {
  return mjcf('body', { name: section.name, pos: [at, 0, 0] }, [
    mjcf('joint', { axis: [0, 1, 0], range: [-1.2, 1.2], stiffness: 0.15, damping: 0.01, armature: 1e-5 }),
    ...sides(section, direction * section.halfLength),
    ...beyond,
  ]);
}

/** The middle of a seal. */
function sealSite(name: string, direction: 1 | -1): MjcfNode {
  return mjcf('site', { name, pos: [direction * seal.halfLength, 0, 0], size: 0.003, rgba: [0, 0, 0, 0] });
}

function sides({ name, halfLength, shape, aside, give, stiffness, mass, colour }: Section, ahead = 0): MjcfNode[] {
  const between = mjcf('geom', {
    type: 'box',
    pos: [ahead, 0, 0],
    size: [halfLength, 0.007, 0.002],
    mass: 0.003,
    rgba: rgba(colour),
    contype: 0,
    conaffinity: 0,
  });
  const both = (['left', 'right'] as const).map((side) => {
    const sign = side === 'left' ? 1 : -1;
    return mjcf('body', { name: `${name}_${side}`, pos: [ahead, sign * aside, 0] }, [
      mjcf('joint', {
        name: `${name}_${side}`,
        type: 'slide',
        axis: [0, sign, 0],
        range: [-give, 0],
        stiffness,
        damping: 20,
        // Light parts between hard fingers: without it the stops would be soft, and the springs fast for the time step.
        armature: 0.1,
        solreflimit: [0.004, 1],
      }),
      mjcf('geom', {
        ...shape,
        mass,
        rgba: rgba(colour),
        // Such light parts need stiff contacts; their properties hold also against the fingers.
        priority: 2,
        condim: 4,
        friction: [1.2, 0.02, 0.0001],
        solref: [0.005, 1],
        // The bag touches everything but itself.
        contype: 1,
        conaffinity: 0,
      }),
    ]);
  });
  return [between, ...both];
}
