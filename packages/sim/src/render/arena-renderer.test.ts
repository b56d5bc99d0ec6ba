import { describe, expect, it } from 'vitest';
import { arenaView, type EmbodimentName, eyeOffset } from '../xmagical/view.js';
import { ArenaRenderer } from './arena-renderer.js';

const goal = { left: -1.2, right: 1.2, bottom: 0.76, top: 1.16, colour: 'red' } as const;
const redSquare = { shape: 'square', colour: 'red' } as const;

/** The start of a Demo episode. */
function demo(embodiment: EmbodimentName, zones: Parameters<typeof arenaView>[0]['zones'] = []) {
  const view = arenaView({ embodiment, blocks: [redSquare, redSquare, redSquare], goal, zones });
  const eye = eyeOffset(embodiment);
  const poses = [
    [0, -0.6, 0],
    [-0.5, 0, 0],
    [0, 0, 0],
    [0.5, 0, 0],
    [-eye.x, eye.y - 0.6, 0],
    [eye.x, eye.y - 0.6, 0],
    ...(embodiment === 'gripper'
      ? [
          [-0.09, -0.58, Math.PI / 8],
          [0.09, -0.58, -Math.PI / 8],
        ]
      : []),
  ];
  return { view, poses: Float64Array.from(poses.flat()) };
}

function countColours(picture: Uint8Array): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < picture.length; index += 3) {
    const colour = picture.subarray(index, index + 3).join(',');
    counts[colour] = (counts[colour] ?? 0) + 1;
  }
  return counts;
}

describe('ArenaRenderer', () => {
  it('draws the first gripper frame with the pixel counts of the original', () => {
    const { view, poses } = demo('gripper');
    const picture = new Uint8Array(384 * 384 * 3);
    new ArenaRenderer(view, { width: 384, height: 384 }).render(poses, picture);
    // Counted on a frame of x-magical 0.0.4 with pygame 2.1.2.
    expect(countColours(picture)).toEqual({
      '255,255,255': 109368,
      '250,190,209': 23808,
      '162,163,175': 5437,
      '245,129,165': 4304,
      '231,231,234': 3129,
      '243,94,141': 869,
      '144,145,159': 403,
      '26,26,26': 138,
    });
  });
});
