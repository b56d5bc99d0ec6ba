import type { Vector3 } from '@rapport/core';
import { armNames } from '../../robots/bodies.js';
import { contactForce, contactSensor } from '../contacts.js';
import { type Fixture, fixtureBody, fixtureNames } from '../fixtures/fixture.js';
import { tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { FixedCamera, ManipulationTask, Stage } from '../task.js';
import { pointEntries, startAboveTable, tabletop } from './tabletop.js';

const FORCE_SENSOR = 'hand_on_part';
/** How far a handle may be pushed beyond its stop, metres. */
const STOP_SLACK = 0.02;

/** From the arm's left, on the side of the furniture that faces the arm. */
const sideCamera: FixedCamera = { name: 'side', position: [0.2, 0.75, 0.6], target: [0.55, 0, 0.1], fovYDeg: 45 };

export interface FixtureTaskOptions {
  readonly name: string;
  readonly summary: string;
  readonly fixture: Fixture;
  /** Where the fixture's origin stands: uniform in this rectangle of the table, metres. */
  readonly place: { readonly min: readonly [x: number, y: number]; readonly max: readonly [x: number, y: number] };
  /** The joint's position at the start: uniform between the two, metres or rad. */
  readonly start: readonly [low: number, high: number];
  /** The joint's position that is wanted, metres or rad. */
  readonly goal: number;
  /** How far the handle is from where it is to get, metres; the distance when absent. */
  readonly remaining?: (handle: ArrayLike<number>, goal: ArrayLike<number>) => number;
  /** Success within this, metres. */
  readonly solvedWithin: number;
}

/**
 * A task on furniture with one moving part: bring its handle to a goal.
 *
 * Score of a step: (0.2 `near` + 0.8 `progress`) x `gentle`. near: the tool within 5 cm of the handle, falling to 0 at
 * 40 cm, and at least `progress`, so that letting go of a solved part costs nothing. progress: what remains is at most half
 * the success threshold, falling to 0 at the start. gentle: 1 while the hand presses the part with at most 15 N, 0.5 from
 * 60 N on.
 */
export function fixtureTask(options: FixtureTaskOptions): ManipulationTask {
  const { name, summary, fixture, place, start, goal, solvedWithin } = options;
  const remaining = options.remaining ?? distance;
  const goalHandle = fixture.handleAt(goal);
  const atStart = Math.min(...start.map((position) => remaining(fixture.handleAt(position), goalHandle)));
  const left = ({ physics }: Stage) =>
    remaining(physics.site(fixtureNames.handle).position, physics.site(fixtureNames.goal).position);
  return {
    ...tabletop,
    name,
    summary,
    maxEpisodeSteps: 120,
    cameras: [sideCamera, ...tabletop.cameras],
    memorySize: 0,
    observationEntries: [
      ...pointEntries('handle', placedBox(place, handleWay(fixture))),
      ...pointEntries('goal', placedBox(place, [goalHandle])),
    ],
    world: () => ({
      bodies: [...tableAndFloor(), fixtureBody(fixture, goalHandle)],
      sensors: [contactSensor(FORCE_SENSOR, { subtree: armNames.hand }, { body: fixtureNames.part })],
    }),
    start(stage, random) {
      const [x, y] = [0, 1].map((axis) => random.uniformBetween(place.min[axis]!, place.max[axis]!));
      stage.physics.body(fixtureNames.body).place([x!, y!, 0] satisfies Vector3);
      stage.physics.joint(fixtureNames.joint).position = random.uniformBetween(...start);
      startAboveTable(stage, random);
    },
    observe({ physics }, out) {
      out.set(physics.site(fixtureNames.handle).position, 0);
      out.set(physics.site(fixtureNames.goal).position, 3);
    },
    stepScore(stage) {
      const { physics, arm } = stage;
      const progress = softly(left(stage), solvedWithin / 2, atStart);
      const near = softly(distance(arm.tcpPosition, physics.site(fixtureNames.handle).position), 0.05, 0.4);
      const gentle = 0.5 + 0.5 * softly(contactForce(physics, FORCE_SENSOR), 15, 60);
      return (0.2 * Math.max(near, progress) + 0.8 * progress) * gentle;
    },
    success: (stage) => left(stage) <= solvedWithin,
  };
}

/** Places of a handle over the range of its joint, in the fixture's frame. */
function handleWay({ joint, handleAt }: Fixture): Vector3[] {
  const [low, high] = joint.range;
  return Array.from({ length: 33 }, (_, index) => handleAt(low + (index / 32) * (high - low)));
}

/** The box that holds points of the fixture wherever it is placed, with what its soft stops give way. */
function placedBox(
  { min, max }: FixtureTaskOptions['place'],
  points: readonly Vector3[],
): { readonly min: Vector3; readonly max: Vector3 } {
  const along = (axis: 0 | 1 | 2) => points.map((point) => point[axis]);
  const low = (axis: 0 | 1 | 2, placed: number) => placed + Math.min(...along(axis)) - STOP_SLACK;
  const high = (axis: 0 | 1 | 2, placed: number) => placed + Math.max(...along(axis)) + STOP_SLACK;
  return { min: [low(0, min[0]), low(1, min[1]), low(2, 0)], max: [high(0, max[0]), high(1, max[1]), high(2, 0)] };
}
