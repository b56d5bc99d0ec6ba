import { InputError, nearestName } from '@rapport/core';
import { ArmCell, type ArmModel, fr3, manipulationEntries, panda } from '@rapport/sim';
import { type RobotType, robotTypeOf, robotTypes } from './names.js';

const arms: Readonly<Record<string, ArmModel>> = { panda, fr3 };

/**
 * The world of a manipulation environment with a Franka.
 * @param envId for example `franka/cup`
 * @param robotType another of Franka's arms than the environment's own
 * @throws InputError when there is no such environment, or its arm is no Franka
 */
export async function openCell(
  envId: string,
  robotType: RobotType | undefined,
): Promise<{ readonly cell: ArmCell; readonly robotType: RobotType }> {
  const entry = manipulationEntries.find(({ id }) => id === envId);
  const withFranka = manipulationEntries.filter(({ arm }) => robotTypeOf(arm) !== undefined).map(({ id }) => id);
  if (entry === undefined) {
    const nearest = nearestName(envId, withFranka);
    throw new InputError(
      `there is no scene "${envId}" to simulate${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
      {
        fix: `take one of ${withFranka.join(', ')}`,
      },
    );
  }
  const own = robotTypeOf(entry.arm);
  if (own === undefined) {
    throw new InputError(`${envId} has the arm ${entry.arm.name}; the ROS 2 simulator speaks for Franka's arms only`, {
      fix: `take one of ${withFranka.join(', ')}`,
    });
  }
  const type = robotType ?? own;
  return { cell: await ArmCell.create({ id: envId, arm: arms[robotTypes[type]]!, task: entry.task }), robotType: type };
}
