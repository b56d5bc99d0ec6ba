import { poseTrackWidth } from '@rapport/core';
import { notRefused } from './refusal.js';
import type { Rule } from './rule.js';
import { play, sameBits } from './subject.js';

const size = { width: 48, height: 32 };
const BYTES = size.width * size.height * 3;

/** Pictures and poses. */
export const pictureRules: readonly Rule[] = [
  {
    rule: 'draws the same bytes for the same state with every camera, into a buffer that is given',
    async check(subject) {
      const [env, twin] = [await subject.make(), await subject.make()];
      const actions = subject.actions(5, 12);
      play(env, 11, actions);
      play(twin, 11, actions);
      for (const camera of subject.spec.cameras) {
        const picture = env.render(camera, size);
        if (picture.length !== BYTES) return `${camera} gives ${picture.length} bytes; expected ${BYTES}`;
        if (picture.every((value) => value === picture[0])) return `${camera} shows one colour`;
        const buffer = new Uint8Array(BYTES).fill(9);
        if (env.render(camera, size, buffer) !== buffer) return `${camera} does not return the buffer that it is given`;
        if (!sameBits(buffer, picture)) return `${camera} draws another picture the second time`;
        if (!sameBits(twin.render(camera, size), picture)) return `${camera} draws another picture for an equal run`;
        const breach = notRefused(`${camera} with a buffer too small`, () =>
          env.render(camera, size, new Uint8Array(BYTES - 1)),
        );
        if (breach !== undefined) return breach;
      }
      return undefined;
    },
  },
  {
    rule: 'changes nothing by drawing',
    async check(subject) {
      const env = await subject.make();
      play(env, 11, subject.actions(3, 13));
      const before = env.privileged.state();
      for (const camera of subject.spec.cameras) env.render(camera, size);
      env.scene();
      return sameBits(env.privileged.state(), before) ? undefined : 'the state changed';
    },
  },
  {
    rule: 'writes a finite pose for every body of its scene',
    async check(subject) {
      const env = await subject.make();
      play(env, 11, subject.actions(3, 14));
      const scene = env.scene();
      const names = scene.bodies.map((body) => body.name);
      if (new Set(names).size !== names.length) return 'two bodies have one name';
      const poses = new Float32Array(poseTrackWidth(scene)).fill(Number.NaN);
      env.writePoses(poses);
      const missing = poses.findIndex((value) => !Number.isFinite(value));
      return missing < 0 ? undefined : `pose number ${missing} of ${poses.length} is ${poses[missing]}`;
    },
  },
];
