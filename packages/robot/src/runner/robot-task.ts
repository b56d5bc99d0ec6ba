import { InputError, nearestName, type SpaceEntry } from '@rapport/core';
import {
  actionEntries,
  type BasePose,
  type ControlMode,
  defaultBase,
  manipulationEntries,
  type Workspace,
} from '@rapport/sim';

/** What a policy of a manipulation environment observes and does, as it is to be found on a graph. */
export interface RobotTask {
  /** For example `franka/cup`. */
  readonly envId: string;
  /** What an action is, and its bounds. */
  readonly control: ControlMode;
  readonly actions: readonly SpaceEntry[];
  /** Seconds from one action to the next. */
  readonly controlPeriod: number;
  /** Where the arm stands in the frame that the policy knows. */
  readonly base: BasePose;
  /** Where Cartesian targets are kept, in that frame. */
  readonly workspace: Workspace | undefined;
  /** Names of what is observed beside the arm, in their order. */
  readonly taskValues: readonly string[];
}

/** Arms that a Franka can stand in for: the kinematics of Panda and FR3 are the same. */
const families = ['franka/', 'fr3/'];

/** @throws InputError when the environment is unknown, or is none of a Franka arm */
export function robotTask(envId: string): RobotTask {
  const entry = manipulationEntries.find(({ id }) => id === envId);
  const fitting = manipulationEntries.filter(({ id }) => families.some((family) => id.startsWith(family)));
  if (entry === undefined || !fitting.includes(entry)) {
    const near = nearestName(
      envId,
      fitting.map(({ id }) => id),
    );
    throw new InputError(
      `${envId} is no environment of a Franka arm${near === undefined ? '' : `; did you mean ${near}?`}`,
      {
        fix: 'a policy runs on the graph when it was trained in one of: rapport envs (franka/..., fr3/...)',
      },
    );
  }
  const { arm, task } = entry;
  return {
    envId,
    control: task.control,
    actions: actionEntries(task.control, arm),
    controlPeriod: 1 / task.controlHz,
    base: task.base ?? defaultBase,
    workspace: task.workspace,
    taskValues: task.observationEntries.map(({ name }) => name),
  };
}
