import { describe, expect, it } from 'vitest';
import { recordPhysicsTrace, replayPhysicsTrace } from './physics-trace.js';

describe('physics trace', () => {
  it('comes out to the bit when MuJoCo alone takes the same steps', async () => {
    const trace = await recordPhysicsTrace('franka/lift', 0, 1000);
    expect(trace.steps).toBe(1000);
    const replay = await replayPhysicsTrace(trace);
    expect(replay).toMatchObject({ steps: 1000, deviation: 0 });
    // The cube has been lifted, so that contacts were among what was compared.
    const size = trace.states.length / 1001;
    // Time, seven joints, two fingers, then the cube's position.
    const height = 1 + 7 + 2 + 2;
    expect(trace.states[height]).toBeCloseTo(0.021, 6);
    expect(trace.states[1000 * size + height]).toBeGreaterThan(0.04);
  });

  it('notices when another trace is compared', async () => {
    const trace = await recordPhysicsTrace('franka/reach', 1, 200);
    const controls = trace.controls.slice();
    controls[0]! += 1e-6;
    const replay = await replayPhysicsTrace({ ...trace, controls });
    expect(replay.deviation).toBeGreaterThan(1e-12);
    expect(replay.deviation).toBeLessThan(1e-4);
  });

  it('refuses what is no manipulation environment', async () => {
    await expect(recordPhysicsTrace('xmagical/avoid-gripper', 0, 10)).rejects.toThrow('is no manipulation environment');
  });
});
