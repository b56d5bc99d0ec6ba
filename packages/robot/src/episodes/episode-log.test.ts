import { boxSpace, type EnvSpec, UnavailableError } from '@rapport/core';
import { actionEntries, armEntries, panda } from '@rapport/sim';
import { beforeAll, describe, expect, it } from 'vitest';
import { robotTask } from '../runner/robot-task.js';
import { BenchArm, displacements } from '../runner/testing/bench-arm.js';
import { readLimits, type SafetyLimits } from '../safety/index.js';
import { EpisodeLog, holdingAction } from './episode-log.js';

const { control, taskValues } = robotTask('franka/cup');
const STEPS = 12;
const spec: EnvSpec = {
  id: 'franka/cup',
  summary: '',
  observationSpace: boxSpace([
    ...armEntries(panda),
    ...taskValues.map((name) => ({ name, unit: 'm', low: -1, high: 1 })),
  ]),
  actionSpace: boxSpace(actionEntries(control, panda)),
  controlHz: 10,
  maxEpisodeSteps: STEPS,
  cameras: ['front'],
};
const views = [{ camera: 'front', width: 1, height: 1 }];
/** A picture tells the time that it shows, in hundredths of a second after 1000 s. */
const pictures = { views, at: (time: number) => [Uint8Array.of(Math.round(100 * (time - 1000)), 0, 0)] };

let limits: SafetyLimits;
beforeAll(async () => {
  limits = await readLimits('panda');
});

function bench(chunk = { historySteps: 1, executed: 8, steps: 12 }, at: (time: number) => Uint8Array[] = pictures.at) {
  const log = new EpisodeLog({ spec, control, pictures: { views, at } });
  const arm = new BenchArm({ limits, chunk, steps: log });
  arm.start();
  return { log, arm };
}

/** Rows of a flat array. */
const rows = (values: Float32Array, count: number): number[][] =>
  Array.from({ length: count }, (_, row) => [
    ...values.subarray((row * values.length) / count, ((row + 1) * values.length) / count),
  ]);

describe('EpisodeLog', () => {
  it('begins with the first action and has a row for every control step, until the episode is as long as it can be', () => {
    const { log, arm } = bench();
    arm.run(0.25, 1, () => []);
    expect(log.begun).toBe(false);
    arm.run(2, 0.02, () => displacements(12, 0, 0.01, 0));
    expect(log.ended).toBe(true);
    const { episode, times, stopped } = log.record();
    expect(stopped).toBeUndefined();
    expect(episode.length).toBe(STEPS);
    // The first action was waited for, with the arm at rest; from there on steps are equally long.
    const after = times.slice(1).map((time) => Math.round(100 * (time - times[1]!)));
    expect(after).toEqual(Array.from({ length: STEPS }, (_, step) => 10 * step));
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(0.1);
    expect(times[1]! - times[0]!).toBeLessThan(0.2);
    for (const action of rows(episode.actions, STEPS)) expect(action[1]).toBeCloseTo(0.01, 6);
    // The tool moves 1 cm a step, with a delay; the arm rested when the first action was taken.
    const y = rows(episode.observations, STEPS + 1).map(
      (row) => row[armEntries(panda).findIndex(({ name }) => name === 'tcp_y')]!,
    );
    expect(y[1]! - y[0]!).toBeLessThan(0.01);
    expect(y[STEPS]! - y[6]!).toBeCloseTo(0.06, 2);
    expect([...episode.frames[0]!.data].filter((_, place) => place % 3 === 0)).toEqual(
      times.slice(0, STEPS).map((time) => Math.round(100 * (time - 1000))),
    );
  });

  it('fills steps that no plan told of with actions that leave the arm where it was sent', () => {
    const { log, arm } = bench({ historySteps: 1, executed: 3, steps: 3 });
    // Each plan comes 0.25 s after it was asked for, when most of it is over.
    arm.run(3, 0.25, () => displacements(3, 0, 0.01, 0, 0.03));
    const { episode } = log.record();
    const done = rows(episode.actions, episode.length).map((action) => action[1]!);
    expect(done.filter((value) => value === 0).length).toBeGreaterThan(0);
    expect(new Set(rows(episode.actions, episode.length).map((action) => action[6]))).toEqual(
      new Set([Math.fround(0.03)]),
    );
  });

  it('ends with the observation before what stopped the arm, and says what it was', () => {
    const { log, arm } = bench();
    arm.run(0.65, 0.02, () => displacements(12, 0, 0.01, 0));
    const before = log.record().episode.length;
    for (let tick = 0; tick < 60; tick++) {
      arm.sense(['task']);
      arm.tick();
    }
    const { episode, stopped } = log.record();
    expect(stopped).toContain('observation_age (/task)');
    expect(episode.length).toBeGreaterThanOrEqual(before);
    expect(episode.length).toBeLessThan(STEPS);
    // The loop goes on by itself when it is well again; the episode does not.
    arm.run(2, 0.02, () => displacements(12, 0, 0.01, 0));
    expect(log.record().episode.length).toBe(episode.length);
  });

  it('ends where a camera has fallen silent', () => {
    const at = (time: number): Uint8Array[] => {
      if (time > 1000.55) throw new UnavailableError('/camera/front: no picture');
      return pictures.at(time);
    };
    const { log, arm } = bench(undefined, at);
    arm.run(1, 0.02, () => displacements(12, 0, 0.01, 0));
    expect(log.ended).toBe(true);
    expect(log.record()).toMatchObject({ stopped: '/camera/front: no picture', episode: { length: 5 } });
  });
});

describe('holdingAction', () => {
  it('repeats targets, and adds nothing where actions are increments', () => {
    const last = Float32Array.of(0.5, -0.25, 0.04);
    expect([...holdingAction({ kind: 'cartesian-pose' }, last)]).toEqual([...last]);
    expect([...holdingAction({ kind: 'joint-delta', maxStepRad: 1 }, last)]).toEqual([0, 0, Math.fround(0.04)]);
  });
});
