import { once } from 'node:events';
import { expect, it } from 'vitest';
import { CommandPump } from './command-pump.js';

/** A pump whose clock moves on by a step with every look, until it has ticked so often. */
async function pumped(ticks: number, { step = 0.002, even = true, onTick = () => {} } = {}) {
  const times: number[] = [];
  const ended = new EventTarget();
  let now = 100;
  const pump: CommandPump = new CommandPump(0.01, {
    now: () => {
      now += step;
      return now;
    },
    even,
    tick(at, due) {
      times.push(due);
      expect(due).toBeLessThanOrEqual(at);
      onTick();
      const goOn = times.length < ticks;
      if (!goOn) ended.dispatchEvent(new Event('end'));
      return goOn;
    },
    failed: (error) => ended.dispatchEvent(Object.assign(new Event('end'), { error })),
  });
  const end = once(ended, 'end');
  pump.start();
  // A second start changes nothing.
  pump.start();
  const [{ error }] = (await end) as [{ error?: unknown }];
  return { pump, times, error };
}

it.each([true, false])('ticks on the grid until a tick was the last (even clock: %s)', async (even) => {
  const { pump, times } = await pumped(20, { even });
  expect(pump.running).toBe(false);
  times.forEach((due, index) => {
    expect(due).toBeCloseTo(times[0]! + 0.01 * index, 2);
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(times).toHaveLength(20);
});

it('tells once that a tick has failed, and ends', async () => {
  const { pump, times, error } = await pumped(20, {
    onTick: () => {
      throw new Error('no way');
    },
  });
  expect(error).toEqual(new Error('no way'));
  expect(pump.running).toBe(false);
  expect(times).toHaveLength(1);
});

it('sends nothing any more once it is stopped, and goes on with one tick for each period when it is started again', async () => {
  const { pump, times } = await pumped(3);
  pump.start();
  pump.stop();
  pump.start();
  pump.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(times).toHaveLength(3);
});
