import { describe, expect, it } from 'vitest';
import { NumpyRandomState } from '../numpy/random-state.js';
import { defaultDynamics, type Layout } from './layout.js';
import {
  containedFraction,
  drawSweepLayout,
  observeState,
  robotStart,
  type SweepVariant,
  sweepGoal,
  sweepToTop,
} from './sweep-to-top.js';
import type { BlockShape, EmbodimentName } from './view.js';
import { XMagicalWorld } from './world.js';

const embodiments: readonly EmbodimentName[] = ['gripper', 'shortstick', 'mediumstick', 'longstick'];

function oneBlock(shape: BlockShape, y: number, angle: number): XMagicalWorld {
  const layout: Layout = {
    robot: robotStart,
    blocks: [{ shape, colour: 'red', x: 0, y, angle }],
    goal: { ...sweepGoal, colour: 'red' },
    zones: [],
    dynamics: defaultDynamics,
  };
  return new XMagicalWorld('shortstick', layout);
}

describe('drawSweepLayout', () => {
  it('draws the layouts of the original for TestLayout, seed by seed', () => {
    // Recorded from the original: y, then the blocks' x.
    const recorded = [
      [0.229288, 0.16, 0.64, -0.8],
      [0.150213, 0.16, -0.32, 0.64],
      [0.161597, 0.64, 0.16, -0.8],
      [0.230479, 0.64, 0.16, -0.8],
      [0.480218, -0.8, 0.16, -0.32],
      [0.033196, 0.16, -0.8, -0.32],
      [0.435716, -0.32, 0.16, -0.8],
      [-0.054215, -0.8, 0.64, 0.16],
    ];
    recorded.forEach(([y, ...xs], seed) => {
      const { blocks } = drawSweepLayout('TestLayout', new NumpyRandomState(seed));
      blocks.forEach((block, index) => {
        expect(block.y).toBeCloseTo(y!, 6);
        expect(block.x).toBeCloseTo(xs[index]!, 12);
      });
    });
  });

  it('varies what the variant names and nothing else', () => {
    const demo = drawSweepLayout('Demo', new NumpyRandomState(5));
    const layoutOf = (variant: SweepVariant) => drawSweepLayout(variant, new NumpyRandomState(5));
    expect(demo.blocks.map(({ x }) => x)).toEqual([-0.5, 0, 0.5]);
    expect(layoutOf('TestDynamics')).toEqual({ ...demo, dynamics: layoutOf('TestDynamics').dynamics });
    expect(layoutOf('TestDynamics').dynamics).not.toEqual(defaultDynamics);
    const shapes = layoutOf('TestShape');
    expect({ ...shapes, blocks: shapes.blocks.map((block) => ({ ...block, shape: 'square' })) }).toEqual(demo);
    const colours = layoutOf('TestColor');
    expect(colours.blocks.map(({ x, y, shape }) => ({ x, y, shape }))).toEqual(
      demo.blocks.map(({ x, y, shape }) => ({ x, y, shape })),
    );
    expect(layoutOf('TestAll').dynamics).toEqual(layoutOf('TestDynamics').dynamics);
  });
});

describe('observeState', () => {
  it('gives the Demo start of the original', () => {
    for (const embodiment of embodiments) {
      const world = new XMagicalWorld(embodiment, drawSweepLayout('Demo', new NumpyRandomState(0)));
      const task = sweepToTop({ variant: 'Demo', reward: 'sparse' });
      const observation = new Float32Array(task.observationEntries(embodiment).length);
      observeState(world, observation);
      const recorded = [
        0,
        -0.6,
        -0.5,
        0,
        0,
        0,
        0.5,
        0,
        1,
        0,
        0.27613,
        0.21213,
        0.27613,
        0.35355,
        0.35355,
        0.35355,
        ...(embodiment === 'gripper' ? [1] : []),
      ];
      expect(observation).toHaveLength(recorded.length);
      for (const [index, value] of recorded.entries()) expect(observation[index]).toBeCloseTo(value, 5);
    }
  });
});

describe('containedFraction', () => {
  it('contains a square from the heights of the original on', () => {
    // The bounding box with its skin decides. Recorded from the original: 0.86847, 0.90108, 0.91252.
    const half = (Math.sqrt(Math.PI) * 0.12) / 2;
    const skin = 0.01 * 2 * half;
    for (const [angle, recorded] of [
      [0, 0.86847],
      [Math.PI / 8, 0.90108],
      [Math.PI / 4, 0.91252],
    ] as const) {
      const threshold = 0.76 + half * (Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle))) + skin;
      expect(threshold).toBeCloseTo(recorded, 5);
      expect(containedFraction(oneBlock('square', threshold + 1e-9, angle))).toBe(1);
      expect(containedFraction(oneBlock('square', threshold - 1e-9, angle))).toBe(0);
    }
  });

  it('asks for every part of a star', () => {
    // Its lowest corners lie 0.156 cos(pi / 5) below its centre.
    const threshold = 0.76 + 0.156 * Math.cos(Math.PI / 5);
    expect(containedFraction(oneBlock('star', threshold + 1e-9, 0))).toBe(1);
    expect(containedFraction(oneBlock('star', threshold - 1e-9, 0))).toBe(0);
  });
});

describe('the dense reward', () => {
  it('is -1 at the Demo start', () => {
    const task = sweepToTop({ variant: 'Demo', reward: 'dense' });
    const world = new XMagicalWorld('longstick', drawSweepLayout('Demo', new NumpyRandomState(0)));
    expect(task.reward(world, new Float64Array(0))).toBe(-1);
  });
});
