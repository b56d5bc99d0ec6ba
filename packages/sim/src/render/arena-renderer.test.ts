import { createHash } from 'node:crypto';
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

/**
 * Poses (robot, blocks, eyes, fingers) after 15 steps of the original, and the SHA-256 of the 96x96 picture that it drew
 * then (x-magical 0.0.4 with pygame 2.1.2).
 */
const originalPictures = [
  {
    embodiment: 'gripper',
    sha256: 'd9fb9fe206310aad8969f858cea16669da5828f43cfab2faa0038e675cff9eff',
    poses: [
      [-0.728548507, 0.377599961, 1.475509626],
      [-0.998652961, 0.124355438, 1.598490642],
      [-0.667487164, 0.676977701, -1.658902728],
      [0.5, 0.0, 0.0],
      [-0.795887733, 0.303671423, 1.471582064],
      [-0.780664921, 0.462945608, 1.471582116],
      [-0.757025759, 0.289908638, 1.669027448],
      [-0.739895599, 0.469097804, 1.28313764],
    ],
  },
  {
    embodiment: 'longstick',
    sha256: '66f0362db2339829986735a44f83617e1f52c6701cb0571302b7535828ef3f58',
    poses: [
      [-0.494136572, 0.417250506, 0.769609999],
      [-0.808802159, 0.388157528, 0.0],
      [-0.489674796, 0.701134349, 0.006919392],
      [-0.176666275, 1.002703819, -0.000965793],
      [-0.537227499, 0.375499194, 0.799580857],
      [-0.451045646, 0.459001818, 0.79958086],
    ],
  },
  {
    embodiment: 'mediumstick',
    sha256: '8992679c9188d22c9cd3efb96ffc42a3b47d95b6d527b718955ab369bacda353',
    poses: [
      [-0.858415594, 0.356080634, 1.487772269],
      [-1.016226111, 0.295925956, -0.095306061],
      [-0.986400485, 0.702831299, -0.13095536],
      [0.5, 0.0, 0.0],
      [-0.863391317, 0.296287305, 1.473609148],
      [-0.853439872, 0.415873963, 1.47360914],
    ],
  },
  {
    embodiment: 'shortstick',
    sha256: '7e050425de676bbafbf19e386b188426d19ae46b02f127c3c1def47a6f783d79',
    poses: [
      [-0.90467039, 0.349018014, 1.494778114],
      [-0.755453762, 0.044705492, 1.184041689],
      [-0.045306157, 0.191161166, -0.714265996],
      [0.5, 0.0, 0.0],
      [-0.909227091, 0.289191294, 1.478143313],
      [-0.900113689, 0.408844735, 1.478143315],
    ],
  },
] as const;

describe('ArenaRenderer', () => {
  it('draws the first gripper frame with the pixel counts of the original', () => {
    const { view, poses } = demo('gripper');
    const picture = new Uint8Array(384 * 384 * 3);
    new ArenaRenderer(view, { width: 384, height: 384 }, 'above').render(poses, picture);
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

  it.each(originalPictures)(
    'draws a turned $embodiment with the bytes of the original',
    ({ embodiment, sha256, poses }) => {
      const picture = new Uint8Array(96 * 96 * 3);
      new ArenaRenderer(demo(embodiment).view, { width: 96, height: 96 }, 'above').render(
        Float64Array.from(poses.flat()),
        picture,
      );
      expect(createHash('sha256').update(picture).digest('hex')).toBe(sha256);
    },
  );

  it('fills an off-limits zone with blue where it lies', () => {
    const { view, poses } = demo('longstick', [{ left: 0.4, right: 0.8, bottom: 0.2, top: 0.6 }]);
    const picture = new Uint8Array(200 * 200 * 3);
    new ArenaRenderer(view, { width: 200, height: 200 }, 'above').render(poses, picture);
    const pixel = (x: number, y: number) => {
      const start = 3 * (Math.round(((1.122 - y) / 2.244) * 200) * 200 + Math.round(((x + 1.122) / 2.244) * 200));
      return [...picture.subarray(start, start + 3)];
    };
    expect(pixel(0.6, 0.4)).toEqual([135, 185, 211]);
    expect(pixel(0.3, 0.4)).toEqual([255, 255, 255]);
    expect(pixel(0.6, 0.7)).toEqual([255, 255, 255]);
  });

  it('draws the same bytes again after another picture was drawn', () => {
    const { view, poses } = demo('gripper');
    const renderer = new ArenaRenderer(view, { width: 96, height: 96 }, 'above');
    const first = new Uint8Array(96 * 96 * 3);
    renderer.render(poses, first);
    renderer.render(
      poses.map((value) => value * 0.5),
      new Uint8Array(first.length),
    );
    const again = new Uint8Array(first.length).fill(7);
    renderer.render(poses, again);
    expect(again).toEqual(first);
  });

  it('draws bodies that lie partly or wholly outside without touching other rows', () => {
    const { view, poses } = demo('longstick');
    const renderer = new ArenaRenderer(view, { width: 64, height: 64 }, 'above');
    const picture = new Uint8Array(64 * 64 * 3);
    for (const shift of [-5, -1.2, 1.2, 5]) {
      const moved = poses.slice();
      moved[0] = shift;
      moved[1] = shift;
      renderer.render(moved, picture);
      // The picture's middle holds a block, whatever happens at the edge.
      expect([...picture.subarray(3 * (32 * 64 + 32), 3 * (32 * 64 + 32) + 3)]).toEqual([245, 129, 165]);
    }
  });

  it('refuses buffers and sizes that do not fit', () => {
    const { view, poses } = demo('shortstick');
    const renderer = new ArenaRenderer(view, { width: 8, height: 4 }, 'above');
    expect(() => renderer.render(poses, new Uint8Array(95))).toThrow('95 bytes; expected 96');
    expect(() => renderer.render(poses.subarray(3), new Uint8Array(96))).toThrow('15 numbers; expected 18');
    expect(() => new ArenaRenderer(view, { width: 0, height: 4 }, 'above')).toThrow('0x4');
  });
});
