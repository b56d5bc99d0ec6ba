import { armLayout } from '@rapport/sim';
import { describe, expect, it } from 'vitest';
import type { PolicyDescription } from './policy-messages.js';
import { taskOf } from './runner-setup.js';

/** A policy that says this of itself; by default one that fits `franka/cup`, which has 43 observed numbers and 7 actions. */
function policy(changed: {
  observationSize?: number | undefined;
  actionSize?: number;
  envId?: string | undefined;
}): PolicyDescription {
  const { observationSize, actionSize } = { observationSize: 43, actionSize: 7, ...changed };
  return {
    name: 'cloned',
    envId: 'envId' in changed ? changed.envId : 'franka/cup',
    signature: { observationSize, actionSize, cameras: [] },
    chunk: { historySteps: 2, executed: 8, steps: 15 },
  };
}

describe('task of a policy', () => {
  it('is that of its environment, with its base, period and names', () => {
    const task = taskOf(policy({}), undefined);
    expect(task).toMatchObject({ envId: 'franka/cup', controlPeriod: 0.1, base: { position: [0, 0, 0], yawRad: 0 } });
    expect(task.taskValues).toHaveLength(43 - armLayout.end);
    expect(task.actions.map(({ name }) => name)).toEqual([
      ...['step_x', 'step_y', 'step_z'],
      ...['step_rotation_x', 'step_rotation_y', 'step_rotation_z'],
      'gripper_width',
    ]);
  });

  it('needs nothing of the task on the graph when the policy observes the arm alone', () => {
    expect(taskOf(policy({ observationSize: armLayout.end }), undefined).taskValues).toEqual([]);
  });

  it.each([
    ['no environment', policy({ envId: undefined }), undefined, 'does not say which environment it was trained in'],
    ['an arm that is no Franka', policy({}), 'kuka/group', 'kuka/group is no environment of a Franka arm'],
    ['a misspelt environment', policy({}), 'franka/cupp', 'did you mean franka/cup?'],
    [
      'other observations',
      policy({ observationSize: 40 }),
      undefined,
      'expects 40 observed numbers; franka/cup has 43',
    ],
    ['other actions', policy({ actionSize: 4 }), undefined, 'gives actions of 4 numbers; franka/cup takes 7'],
  ])('refuses %s', (_, description, envId, message) => {
    expect(() => taskOf(description, envId)).toThrow(message);
  });
});
