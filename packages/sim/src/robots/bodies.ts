import type { Vector3 } from '@rapport/core';
import { type MjcfNode, mjcf } from '../mujoco/mjcf.js';
import type { ArmModel, HandModel, Inertial, LinkModel } from './arm-model.js';

/** Names of the arm's parts in the model. */
export const armNames = {
  base: 'arm_base',
  link: (index: number) => `arm_link${index + 1}`,
  joint: (index: number) => `arm_joint${index + 1}`,
  motor: (index: number) => `arm_motor${index + 1}`,
  hand: 'hand',
  finger: (side: 'left' | 'right') => `finger_${side}`,
  fingerJoint: (side: 'left' | 'right') => `finger_${side}_joint`,
  fingertip: (side: 'left' | 'right') => `fingertip_${side}`,
  tcp: 'tcp',
  gripper: 'gripper',
} as const;

const sides = ['left', 'right'] as const;

/** Stiffness of the gripper's width control, N/m: 20 mm of error press with full force. */
export const gripperStiffness = 2000;
const gripperDamping = 60;

/** What an arm adds to a model. */
export interface ArmParts {
  readonly body: MjcfNode;
  readonly actuators: readonly MjcfNode[];
  readonly tendons: readonly MjcfNode[];
  readonly equalities: readonly MjcfNode[];
}

/**
 * An arm as MJCF: a motor per joint that takes torques, and a hand whose two fingers move together on one actuator that
 * takes a width.
 * @param position of the base in the world, metres
 * @param onHand elements to add to the hand, such as cameras, in its frame
 */
export function armParts(arm: ArmModel, position: Vector3, yawRad: number, onHand: readonly MjcfNode[] = []): ArmParts {
  const shapes = [...arm.base.shapes, inertialNode(arm.base.inertial)];
  const links = linkBodies(arm, 0, onHand);
  const body = mjcf('body', { name: armNames.base, pos: position, euler: [0, 0, yawRad] }, [...shapes, links]);
  return {
    body,
    actuators: [
      ...arm.limits.map(({ torque }, index) =>
        mjcf('motor', {
          name: armNames.motor(index),
          joint: armNames.joint(index),
          ctrlrange: [-torque, torque],
          forcerange: [-torque, torque],
        }),
      ),
      gripperActuator(arm.hand),
    ],
    tendons: [
      mjcf(
        'fixed',
        { name: armNames.gripper },
        sides.map((side) => mjcf('joint', { joint: armNames.fingerJoint(side), coef: 1 })),
      ),
    ],
    equalities: [
      mjcf('joint', {
        joint1: armNames.fingerJoint('left'),
        joint2: armNames.fingerJoint('right'),
        polycoef: [0, 1, 0, 0, 0],
        solimp: [0.95, 0.99, 0.001],
        solref: [0.005, 1],
      }),
    ],
  };
}

/** Link `index` and everything beyond it. */
function linkBodies(arm: ArmModel, index: number, onHand: readonly MjcfNode[]): MjcfNode {
  const link = arm.links[index]!;
  const last = index === arm.links.length - 1;
  const beyond = last ? handBody(arm.hand, onHand) : linkBodies(arm, index + 1, onHand);
  return linkBody(link, index, arm.limits[index]!, beyond);
}

function linkBody(link: LinkModel, index: number, limits: { low: number; high: number }, beyond: MjcfNode): MjcfNode {
  const { position, rotation } = link.joint;
  return mjcf('body', { name: armNames.link(index), pos: position, quat: rotation }, [
    inertialNode(link.inertial),
    mjcf('joint', {
      name: armNames.joint(index),
      axis: [0, 0, 1],
      range: [limits.low, limits.high],
      limited: true,
      armature: link.armature,
      damping: link.damping,
    }),
    ...link.shapes,
    beyond,
  ]);
}

function handBody(hand: HandModel, onHand: readonly MjcfNode[]): MjcfNode {
  const { mount, tcp, finger } = hand;
  return mjcf('body', { name: armNames.hand, pos: mount.position, quat: mount.rotation }, [
    inertialNode(hand.inertial),
    ...hand.shapes,
    ...onHand,
    mjcf('site', { name: armNames.tcp, pos: tcp.position, quat: tcp.rotation, size: 0.005, rgba: [0, 0, 0, 0] }),
    ...sides.map((side) =>
      mjcf(
        'body',
        {
          name: armNames.finger(side),
          pos: [0, 0, finger.height],
          quat: side === 'left' ? [1, 0, 0, 0] : [0, 0, 0, 1],
        },
        [
          inertialNode(finger.inertial),
          mjcf('joint', {
            name: armNames.fingerJoint(side),
            type: 'slide',
            axis: [0, 1, 0],
            range: [0, hand.maxWidth / 2],
            limited: true,
            armature: 0.1,
            damping: 1,
          }),
          ...finger.shapes.map((shape) => withFriction(shape)),
          mjcf('site', {
            name: armNames.fingertip(side),
            pos: [0, 0, finger.tip],
            size: 0.004,
            rgba: [0, 0, 0, 0],
          }),
        ],
      ),
    ),
  ]);
}

/** Rubber pads: they grip better than the table and resist twisting about the contact's normal. */
function withFriction(shape: MjcfNode): MjcfNode {
  return mjcf(
    shape.tag,
    { ...shape.attributes, friction: [1.5, 0.02, 0.0001], condim: 4, priority: 1 },
    shape.children,
  );
}

function gripperActuator(hand: HandModel): MjcfNode {
  return mjcf('position', {
    name: armNames.gripper,
    tendon: armNames.gripper,
    kp: gripperStiffness,
    kv: gripperDamping,
    ctrlrange: [0, hand.maxWidth],
    forcerange: [-hand.maxForce, hand.maxForce],
  });
}

function inertialNode({ mass, centre, inertia }: Inertial): MjcfNode {
  return mjcf('inertial', { pos: centre, mass, fullinertia: inertia });
}
