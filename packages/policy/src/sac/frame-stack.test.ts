import { describe, expect, it } from 'vitest';
import { FrameStacker, stackEpisode } from './frame-stack.js';

describe('stackEpisode', () => {
  it('repeats the first observation and keeps the oldest first', () => {
    const observations = Float32Array.from([1, 10, 2, 20, 3, 30]);
    expect([...stackEpisode(observations, 2, 3)]).toEqual([
      ...[1, 10, 1, 10, 1, 10],
      ...[1, 10, 1, 10, 2, 20],
      ...[1, 10, 2, 20, 3, 30],
    ]);
  });
});

describe('FrameStacker', () => {
  it('forgets the last episode on reset', () => {
    const stacker = new FrameStacker(1, 2);
    stacker.push(Float32Array.of(5));
    stacker.push(Float32Array.of(6));
    stacker.reset();
    expect([...stacker.push(Float32Array.of(7))]).toEqual([7, 7]);
  });
});
