import { describe, expect, it } from 'vitest';
import type { Clamp, Stop } from '../safety/index.js';
import { EventLog } from './event-log.js';

const fast = (value: number): Clamp => ({ limit: 'joint_velocity', where: 'joint 2', value, allowed: 1 });
const old: Stop = { cause: 'observation_age', where: '/camera', value: 0.3, allowed: 0.25 };

function lines(work: (log: EventLog) => void): string[] {
  const told: string[] = [];
  work(new EventLog((line) => told.push(line)));
  return told;
}

describe('event log', () => {
  it('tells a clamp when it begins, and when it is over with the worst value', () => {
    const told = lines((log) => {
      for (const [tick, value] of [2, 5, 3].entries()) log.add(fast(value), 10 + 0.01 * tick);
      for (let tick = 0; tick < 100; tick++) log.settle(10.02 + 0.01 * tick);
    });
    expect(told).toEqual([
      'clamped, joint_velocity (joint 2): 2 rad/s, limit 1 rad/s',
      'clamped, joint_velocity (joint 2): 5 rad/s, limit 1 rad/s; the worst of 3 ticks, over now',
    ]);
  });

  it('tells what lasts every five seconds, and counts every tick', () => {
    let counts = new Map<string, number>();
    const told = lines((log) => {
      for (let tick = 0; tick <= 1100; tick++) log.add(old, 0.01 * tick);
      counts = log.counts;
    });
    expect(told).toHaveLength(3);
    expect(told[2]).toContain('still');
    expect(counts).toEqual(new Map([['observation_age', 1101]]));
  });

  it('does not repeat itself when two causes take turns', () => {
    const told = lines((log) => {
      for (let tick = 0; tick < 400; tick++) {
        log.add(tick % 2 === 0 ? old : { ...old, cause: 'clock_backwards' }, 0.01 * tick);
        log.settle(0.01 * tick);
      }
    });
    expect(told).toHaveLength(2);
  });
});
