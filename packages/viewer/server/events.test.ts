import { poseTrackWidth, type Scene } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { firstContact, graspAndRelease } from './events.js';

const colour = [9, 9, 9] as const;
const box = { kind: 'box', halfExtents: [1, 1, 1], colour } as const;
const scene: Scene = {
  view: 'spatial',
  bounds: { min: [-1, -1, 0], max: [1, 1, 1] },
  bodies: [
    { name: 'robot', pose: 'planar', shapes: [box] },
    { name: 'flat', pose: 'planar', role: 'object', shapes: [box] },
    { name: 'free', pose: 'rigid', role: 'object', shapes: [box] },
    {
      name: 'cloth',
      pose: 'vertices',
      role: 'object',
      shapes: [{ kind: 'skin', vertexCount: 2, triangles: [], surface: 'open', colour }],
    },
  ],
};
const width = poseTrackWidth(scene);

/** Ten frames in which the robot drives, the free object falls by a centimetre in the first two, and all else stands. */
function poses(change: (frame: number, pose: Float32Array) => void): Float32Array {
  const track = new Float32Array(10 * width);
  for (let frame = 0; frame < 10; frame++) {
    const pose = track.subarray(frame * width, (frame + 1) * width);
    pose[0] = frame;
    pose[8] = frame < 2 ? 0.51 - 0.005 * frame : 0.5;
    pose[12] = 1;
    change(frame, pose);
  }
  return track;
}

describe('firstContact', () => {
  it('is the frame at which an object leaves the place where it came to rest', () => {
    expect(
      firstContact(
        scene,
        poses(() => {}),
      ),
    ).toBeUndefined();
    // Each of these happens at frame 6: pushed, turned on the floor, lifted, tilted, and dragged.
    const changes: ((pose: Float32Array) => void)[] = [
      (pose) => {
        pose[3] = 0.006;
      },
      (pose) => {
        pose[5] = 0.06;
      },
      (pose) => {
        pose[8] = 0.506;
      },
      (pose) => pose.set([Math.sin(0.03), 0, 0, Math.cos(0.03)], 9),
      (pose) => pose.set([0.006, 0, 0, 0.006, 0, 0], 13),
    ];
    for (const change of changes) {
      expect(
        firstContact(
          scene,
          poses((frame, pose) => (frame >= 6 ? change(pose) : undefined)),
        ),
      ).toBe(6);
    }
  });

  it('takes the same orientation with the other sign for the same', () => {
    const flipped = poses((frame, pose) => {
      if (frame >= 5) pose[12] = -1;
    });
    expect(firstContact(scene, flipped)).toBeUndefined();
  });

  it('is unknown where the scene names no objects', () => {
    const bodies = scene.bodies.map(({ role: _, ...body }) => body);
    const pushed = poses((frame, pose) => {
      pose[3] = frame;
    });
    expect(firstContact({ ...scene, bodies }, pushed)).toBeUndefined();
  });
});

describe('graspAndRelease', () => {
  const closing = [0.08, 0.08, 0.06, 0.04, 0.03, 0.03, 0.03, 0.03, 0.05, 0.08];

  it('finds where fingers close on something, and where they open again', () => {
    const pressing = closing.map(() => 0);
    expect(graspAndRelease(closing, pressing)).toEqual({ grasp: 5, release: 8 });
    expect(graspAndRelease(closing, undefined)).toEqual({ grasp: 5, release: 8 });
    expect(graspAndRelease(closing.slice(0, 8), pressing)).toEqual({ grasp: 5, release: undefined });
  });

  it('takes no grasp where fingers were told to stop, or meet', () => {
    const nothing = { grasp: undefined, release: undefined };
    expect(
      graspAndRelease(
        closing,
        closing.map(() => 0.03),
      ),
    ).toEqual(nothing);
    expect(graspAndRelease([0.08, 0.04, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0])).toEqual(nothing);
    expect(graspAndRelease([], undefined)).toEqual(nothing);
  });
});
