import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SafetyEnvelope } from './envelope.js';
import type { Clamp } from './events.js';
import { type ArmName, armNames, hardwareLimits } from './hardware-limits.js';
import { readLimits, type SafetyLimits } from './limits.js';
import { LimitChecker, toolPose } from './testing/limit-checker.js';

const shipped: Record<string, SafetyLimits> = {};
beforeAll(async () => {
  for (const arm of armNames) shipped[arm] = await readLimits(arm);
});

const home = [0, -Math.PI / 4, 0, (-3 * Math.PI) / 4, 0, Math.PI / 2, Math.PI / 4];

/** The loosest file that is accepted, in all of the arm's reach. */
function hardware(arm: ArmName): SafetyLimits {
  const { arm: model, jerk } = hardwareLimits[arm];
  return {
    ...shipped[arm]!,
    joints: {
      positionMin: model.limits.map(({ low }) => low),
      positionMax: model.limits.map(({ high }) => high),
      velocity: model.limits.map(({ velocity }) => velocity),
      acceleration: model.limits.map(({ acceleration }) => acceleration),
      jerk,
    },
    workspace: { min: [-1, -1, -0.3], max: [1, 1, 1.3] },
    minimumHeight: -0.3,
    toolSpeed: model.cartesianSpeed,
  };
}

/** Soft limits, with which jerk takes many periods to build up. */
function gentle(arm: ArmName): SafetyLimits {
  const { joints } = shipped[arm]!;
  return {
    ...shipped[arm]!,
    joints: { ...joints, acceleration: joints.acceleration.map((a) => a / 4), jerk: joints.jerk.map((j) => j / 40) },
  };
}

/** One piece of a hostile stream: what is sent, and for how many periods. */
const wildNumber = fc.oneof(
  fc.double({ min: -4, max: 4, noNaN: true }),
  fc.double({ min: -4, max: 4, noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -1e300, 0),
);
const tameNumber = fc.double({ min: -3, max: 3, noNaN: true });
const seven = <T>(number: fc.Arbitrary<T>) => fc.array(number, { minLength: 7, maxLength: 7 });
const piece = fc.oneof(
  // Any step, held.
  fc.record({ kind: fc.constant('step' as const), to: seven(tameNumber), periods: fc.integer({ min: 1, max: 120 }) }),
  // Small steps about home.
  fc.record({
    kind: fc.constant('near' as const),
    to: seven(fc.double({ min: -0.4, max: 0.4, noNaN: true })),
    periods: fc.integer({ min: 1, max: 80 }),
  }),
  // A ramp of any speed, also with a velocity that does not belong to it.
  fc.record({
    kind: fc.constant('ramp' as const),
    rate: seven(fc.double({ min: -8, max: 8, noNaN: true })),
    claimed: seven(fc.double({ min: -20, max: 20, noNaN: true })),
    periods: fc.integer({ min: 1, max: 60 }),
  }),
  // Back and forth, every period another way.
  fc.record({ kind: fc.constant('shake' as const), by: seven(tameNumber), periods: fc.integer({ min: 2, max: 60 }) }),
  // What no policy should say.
  fc.record({ kind: fc.constant('wild' as const), to: seven(wildNumber), periods: fc.integer({ min: 1, max: 10 }) }),
  fc.record({ kind: fc.constant('nothing' as const), periods: fc.integer({ min: 1, max: 40 }) }),
);
type Piece = typeof piece extends fc.Arbitrary<infer T> ? T : never;

function targetOf(part: Piece, step: number, from: ArrayLike<number>, period: number) {
  switch (part.kind) {
    case 'step':
    case 'wild':
      return { positions: part.to };
    case 'near':
      return { positions: part.to.map((value, joint) => home[joint]! + value) };
    case 'ramp':
      return {
        positions: part.rate.map((rate, joint) => from[joint]! + rate * period * (step + 1)),
        velocities: part.claimed,
      };
    case 'shake':
      return { positions: part.by.map((value, joint) => home[joint]! + (step % 2 === 0 ? value : -value)) };
    case 'nothing':
      return undefined;
  }
}

describe('safety envelope', () => {
  it.each([
    { name: 'shipped Panda limits at 100 Hz', limits: () => shipped.panda!, hz: 100 },
    { name: 'shipped FR3 limits at 100 Hz', limits: () => shipped.fr3!, hz: 100 },
    { name: 'shipped FR3 limits at 30 Hz', limits: () => shipped.fr3!, hz: 30 },
    { name: 'shipped Panda limits at 250 Hz', limits: () => shipped.panda!, hz: 250 },
    { name: 'the Panda’s own limits at 100 Hz', limits: () => hardware('panda'), hz: 100 },
    { name: 'the FR3’s own limits at 100 Hz', limits: () => hardware('fr3'), hz: 100 },
    { name: 'gentle FR3 limits at 100 Hz', limits: () => gentle('fr3'), hz: 100 },
    { name: 'gentle Panda limits at 50 Hz', limits: () => gentle('panda'), hz: 50 },
  ])('breaks no limit, whatever is asked of it: $name', ({ limits: make, hz }) => {
    const limits = make();
    const period = 1 / hz;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        const envelope = new SafetyEnvelope(limits, period);
        const checker = new LimitChecker(limits, period, home);
        envelope.start(home);
        for (const part of pieces) {
          const from = envelope.positions.slice();
          for (let step = 0; step < part.periods; step++) {
            envelope.step(targetOf(part, step, from, period));
            checker.check(envelope.positions);
          }
        }
        // Left alone, it comes to rest within the periods that it promised.
        const promised = envelope.stopSteps;
        for (let step = 0; step < promised; step++) {
          envelope.step(undefined);
          checker.check(envelope.positions);
        }
        const rest = envelope.positions.slice();
        envelope.step(undefined);
        expect(envelope.positions).toEqual(rest);
        expect(Math.max(...envelope.velocities.map(Math.abs), ...envelope.accelerations.map(Math.abs))).toBe(0);
        expect(checker.breaches).toEqual([]);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  it('uses its limits: a far target is approached with full velocity and acceleration', () => {
    const limits = hardware('panda');
    const envelope = new SafetyEnvelope(limits, 0.01);
    const checker = new LimitChecker(limits, 0.01, home);
    envelope.start(home);
    const target = { positions: home.map((value, joint) => (joint === 6 ? -2.5 : value)) };
    for (let step = 0; step < 300; step++) {
      envelope.step(target);
      checker.check(envelope.positions);
    }
    expect(envelope.positions[6]).toBeCloseTo(-2.5, 7);
    expect(checker.peaks['joint 7 acceleration']).toBeGreaterThan(0.95);
    // The hand turns about its own axis: the tool's rotation is what limits it.
    expect(checker.peaks['tool rotation']).toBeGreaterThan(0.93);
    expect(checker.breaches).toEqual([]);
  });

  it('arrives on a target that moves within the limits and follows it without lag', () => {
    const limits = shipped.panda!;
    const envelope = new SafetyEnvelope(limits, 0.01);
    const clamps: Clamp[] = [];
    envelope.start(home);
    // A slow sine, with its velocity; its acceleration is at most 0.3 rad/s^2.
    const target = (time: number) => ({
      positions: home.map((value, joint) => value + (joint === 0 ? 0.3 * (1 - Math.cos(time)) : 0)),
      velocities: home.map((_, joint) => (joint === 0 ? 0.3 * Math.sin(time) : 0)),
    });
    let worst = 0;
    for (let step = 1; step <= 600; step++) {
      const aim = target(0.01 * step);
      envelope.step(aim);
      worst = Math.max(worst, Math.abs(envelope.positions[0]! - aim.positions[0]!));
    }
    expect(worst).toBeLessThan(1e-4);
    expect(clamps).toEqual([]);
  });

  it('brings a target outside the box to the box, and names the axis and the place asked for', () => {
    const limits = shipped.fr3!;
    const clamps: Clamp[] = [];
    const envelope = new SafetyEnvelope(limits, 0.01, (clamp) => clamps.push(clamp));
    envelope.start(home);
    // Leaning forwards with a bent elbow brings the tool down to the table and below.
    const below = { positions: [0, 0.85, 0, -2.05, 0, 1.9, 0.785] };
    expect(toolPose(below.positions).position[2]).toBeLessThan(-0.05);
    for (let step = 0; step < 400; step++) envelope.step(below);
    const height = toolPose([...envelope.positions]).position[2]!;
    expect(height).toBeGreaterThanOrEqual(limits.minimumHeight);
    expect(height).toBeLessThan(limits.minimumHeight + 0.02);
    const clamp = clamps.find(({ limit }) => limit === 'workspace')!;
    expect(clamp.where).toBe('z');
    expect(clamp.value).toBeCloseTo(toolPose(below.positions).position[2]!, 9);
  });

  it('reports the rate that a stream asks for, and what is no number', () => {
    const clamps: Clamp[] = [];
    const envelope = new SafetyEnvelope(shipped.panda!, 0.01, (clamp) => clamps.push(clamp));
    envelope.start(home);
    envelope.step({ positions: home });
    envelope.step({ positions: home.map((value, joint) => (joint === 2 ? 0.05 : value)) });
    expect(clamps).toEqual([
      { limit: 'joint_velocity', where: 'joint 3', value: expect.closeTo(5, 9), allowed: 1.0875 },
    ]);
    envelope.step({ positions: home.map((value, joint) => (joint === 4 ? Number.NaN : value)) });
    expect(clamps.at(-1)).toMatchObject({ limit: 'not_finite', where: 'joint 5', value: Number.NaN });
  });

  it('refuses to start from where it could not go on', () => {
    const envelope = new SafetyEnvelope(shipped.panda!, 0.01);
    const at = (joint: number, value: number) => home.map((other, index) => (index === joint ? value : other));
    expect(() => envelope.start(at(3, -3.05))).toThrow('joint_position (joint 4): -3.05 rad, limit -3.022 rad');
    expect(() => envelope.start(at(6, Number.NaN))).toThrow('not_finite (joint 7): NaN');
    expect(() => envelope.start(at(0, 1.5))).toThrow('workspace (x)');
  });

  it('does the same again from the same start, to the bit', () => {
    const run = () => {
      const envelope = new SafetyEnvelope(shipped.fr3!, 0.01);
      envelope.start(home);
      const target = { positions: home.map((value, joint) => value + 0.1 * joint) };
      return Array.from({ length: 80 }, (_, step) => {
        envelope.step(step === 40 ? undefined : target);
        return [...envelope.positions];
      });
    };
    expect(run()).toEqual(run());
  });
});
