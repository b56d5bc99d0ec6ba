import type { ArmModel } from '@rapport/sim';

/** Franka's names of its arms: the Panda is the Franka Emika Robot. */
export const robotTypes = { fer: 'panda', fr3: 'fr3' } as const;
export type RobotType = keyof typeof robotTypes;

/** Names of joints, frames and controllers, as franka_description and franka_ros2 give them. */
export interface RobotNames {
  readonly joints: readonly string[];
  readonly fingers: readonly [string, string];
  /** The fixed frame; the arm's base stands in it where the task puts it. */
  readonly world: string;
  readonly base: string;
  /** `fr3_link0` to `fr3_link8`, the flange. */
  readonly link: (number: number) => string;
  readonly hand: string;
  /** The tool centre point. */
  readonly tcp: string;
  /** Name of the joint trajectory controller. */
  readonly trajectoryController: string;
}

/** @param robotType `fer` or `fr3` */
export function robotNames(robotType: RobotType): RobotNames {
  const numbers = [1, 2, 3, 4, 5, 6, 7];
  return {
    joints: numbers.map((number) => `${robotType}_joint${number}`),
    fingers: [`${robotType}_finger_joint1`, `${robotType}_finger_joint2`],
    world: 'world',
    base: 'base',
    link: (number) => `${robotType}_link${number}`,
    hand: `${robotType}_hand`,
    tcp: `${robotType}_hand_tcp`,
    trajectoryController: `${robotType}_arm_controller`,
  };
}

/** The robot type of an arm of ours; undefined when it is no Franka. */
export function robotTypeOf(arm: ArmModel): RobotType | undefined {
  return (Object.keys(robotTypes) as RobotType[]).find((type) => robotTypes[type] === arm.name);
}
