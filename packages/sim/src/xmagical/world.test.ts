import { describe, expect, it } from 'vitest';
import { NumpyRandomState } from '../numpy/random-state.js';
import { drawSweepLayout } from './sweep-to-top.js';
import type { EmbodimentName } from './view.js';
import { XMagicalWorld } from './world.js';

function demo(embodiment: EmbodimentName): XMagicalWorld {
  return new XMagicalWorld(embodiment, drawSweepLayout('Demo', new NumpyRandomState(0)));
}

describe('XMagicalWorld', () => {
  it('settles pushes and presses where the original does', () => {
    // Recorded from the original: the gap between robot and block centres in a straight push, and against the top wall.
    const world = demo('shortstick');
    for (let step = 0; step < 12; step++) world.step([1, 0]);
    expect(world.blocks[1]!.y - world.robot.y).toBeCloseTo(0.1492, 3);
    expect(world.robot.velocityY).toBeCloseTo(0.8, 3);
    for (let step = 0; step < 30; step++) world.step([1, 0]);
    expect(world.robot.y).toBeCloseTo(0.8532, 3);
    expect(world.blocks[1]!.y).toBeCloseTo(1.0015, 3);
  });

  it('stops at the bottom wall where the original does', () => {
    const stick = demo('mediumstick');
    const gripper = demo('gripper');
    for (let step = 0; step < 12; step++) {
      stick.step([-1, 0]);
      gripper.step([-1, 0, 0]);
    }
    expect(stick.robot.y).toBeCloseTo(-1.05094, 4);
    expect(gripper.robot.y).toBeCloseTo(-0.905, 3);
  });

  it('turns at the rates of the original: 40 times the heading, at most 2.5 rad/s', () => {
    for (const [heading, rate] of [
      [0.01, 0.4],
      [0.0262, 1.05],
      [0.05, 2],
      [0.5, 2.5],
    ] as const) {
      const world = demo('mediumstick');
      for (let step = 0; step < 4; step++) world.step([0, heading]);
      const start = world.robot.angle;
      world.step([0, heading]);
      expect((world.robot.angle - start) / 0.125).toBeCloseTo(rate, 1);
    }
  });

  it('closes the gripper as fast as the original', () => {
    const world = demo('gripper');
    const widths = [world.fingerOpening()];
    for (let step = 0; step < 5; step++) {
      world.step([0, 0, 1]);
      widths.push(world.fingerOpening());
    }
    const recorded = [1, 0.714, 0.395, 0.109, 0.022, 0.0046];
    for (const [index, width] of recorded.entries()) expect(widths[index]).toBeCloseTo(width, 3);
  });

  it('tells touch, overlap and containment by the outline', () => {
    const world = demo('shortstick');
    const block = world.blocks[1]!;
    expect(block.touchedByRobot).toBe(false);
    while (!block.touchedByRobot) world.step([1, 0]);
    expect(world.blocks[0]!.touchedByRobot).toBe(false);
    const bounds = block.bounds({ left: 0, right: 0, bottom: 0, top: 0 });
    const { left, right, bottom, top } = bounds;
    expect(right - left).toBeGreaterThan(0.2126);
    expect(block.inside(bounds)).toBe(true);
    expect(block.inside({ ...bounds, right: right - 1e-9 })).toBe(false);
    const middle = (bottom + top) / 2;
    const beside = { left: right + 1e-6, right: right + 1, bottom: middle, top: middle + 0.1 };
    expect(block.overlaps(beside)).toBe(false);
    expect(block.overlaps({ ...beside, left: right - 1e-6 })).toBe(true);
  });

  it('does not count a turned square by the corner of its bounding box', () => {
    const layout = drawSweepLayout('Demo', new NumpyRandomState(0));
    const turned = { ...layout.blocks[0]!, angle: Math.PI / 4 };
    const world = new XMagicalWorld('shortstick', { ...layout, blocks: [turned] });
    const block = world.blocks[0]!;
    const { right, top } = block.bounds({ left: 0, right: 0, bottom: 0, top: 0 });
    const corner = { left: right - 0.02, right: right + 1, bottom: top - 0.02, top: top + 1 };
    expect(block.overlaps(corner)).toBe(false);
  });
});
