import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CommandPump } from './command-pump.js';

/** A pump whose clock moves on by 2 ms with every look, until it has ticked so often, or a tick fails. */
async function pumped(ticks: number, even: boolean, onTick = () => {}) {
  const times: { readonly now: number; readonly due: number }[] = [];
  const ended = new EventTarget();
  let looks = 0;
  const pump = new CommandPump(0.01, {
    now: () => {
      looks++;
      return 100 + 0.002 * looks;
    },
    even,
    tick(now, due) {
      times.push({ now, due });
      onTick();
      const goOn = times.length < ticks;
      if (!goOn) ended.dispatchEvent(new Event('end'));
      return goOn;
    },
    failed: (error) => ended.dispatchEvent(Object.assign(new Event('end'), { error })),
  });
  const end = once(ended, 'end');
  pump.start();
  const [{ error }] = (await end) as [{ error?: unknown }];
  const looked = looks;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(looks).toBe(looked);
  expect(pump.running).toBe(false);
  return { times, error };
}

describe.each([true, false])('command pump (even clock: %s)', (even) => {
  it('looks often enough to send each command within a look of its time, until a tick was the last', async () => {
    const { times } = await pumped(20, even);
    expect(times).toHaveLength(20);
    for (const { now, due } of times) expect(now - due).toBeLessThan(0.002 + 1e-9);
    for (const [index, { due }] of times.slice(1).entries()) expect(due - times[index]!.due).toBeCloseTo(0.01, 2);
  });

  it('tells once that a tick has failed, and ends', async () => {
    const { times, error } = await pumped(20, even, () => {
      throw new Error('no way');
    });
    expect(error).toEqual(new Error('no way'));
    expect(times).toHaveLength(1);
  });
});

describe('started twice', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('looks at the time no more often for it, and not at all once it is stopped', () => {
    vi.useFakeTimers();
    let looks = 0;
    const pump = new CommandPump(0.01, {
      now: () => {
        looks++;
        return 100;
      },
      even: false,
      tick: () => true,
      failed: (error) => expect.unreachable(String(error)),
    });
    pump.start();
    pump.start();
    vi.advanceTimersByTime(10);
    expect(looks).toBe(10);
    pump.stop();
    vi.advanceTimersByTime(10);
    expect(looks).toBe(10);
    pump.start();
    vi.advanceTimersByTime(10);
    expect(looks).toBe(20);
  });
});
