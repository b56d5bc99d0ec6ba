import { expect, it } from 'vitest';
import { Clock } from './clock.js';

function runningClock(durationSecs = 2, fps = 8): Clock {
  const clock = new Clock();
  clock.load(durationSecs, fps);
  return clock;
}

it('runs at its speed, holds the last frame and loops, counting plays from the start', () => {
  const clock = runningClock();
  clock.speed = 0.5;
  clock.advance(1);
  expect(clock.timeSecs).toBeCloseTo(0.5);
  clock.advance(10);
  expect([clock.timeSecs, clock.plays]).toEqual([0, 1]);
  clock.advance(0.1);
  expect(clock.plays).toBe(2);
});

it('stops at the end without loop and starts over on the next play', () => {
  const clock = runningClock();
  clock.isLooping = false;
  clock.advance(5);
  expect([clock.timeSecs, clock.isPlaying]).toEqual([2, false]);
  clock.togglePlaying();
  expect([clock.timeSecs, clock.isPlaying]).toEqual([0, true]);
});

it('steps over every frame once, in both directions, and not past the ends', () => {
  const clock = runningClock(2, 8);
  const seen = Array.from({ length: 17 }, () => {
    clock.step(1);
    return Math.floor(clock.timeSecs * 8 + 1e-6);
  });
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15]);
  for (let step = 0; step < 20; step++) clock.step(-1);
  expect([clock.timeSecs, clock.isPlaying, clock.plays]).toEqual([0, false, 0]);
});
