import { poseTrackWidth } from '@rapport/core';
import { expect, it } from 'vitest';
import { intrinsicsFromFovY, lookAt } from '../render3d/camera.js';
import { SceneRenderer } from '../render3d/renderer.js';
import { type FramePoses, RenderScene } from '../render3d/scene.js';
import { SceneInstances } from '../render3d/scene-instances.js';
import { renderInstances } from './geometry.js';
import { loadMujoco } from './module.js';
import { Physics } from './physics.js';
import { ViewerPoses, viewerScene } from './viewer-scene.js';

/** Things of every kind that fall onto a table, beside a robot of one box. */
const xml = `
<mujoco>
  <asset>
    <mesh name="wedge" vertex="0 0 0 0.3 0 0 0 0.3 0 0 0 0.3"/>
  </asset>
  <worldbody>
    <geom type="box" size="1 1 0.1" pos="0 0 -0.1" rgba="0.5 0.5 0.5 1"/>
    <body name="robot" pos="-0.7 0 0.3"><joint type="hinge"/><geom type="box" size="0.1 0.1 0.2"/></body>
    <body name="egg" pos="0 -0.4 0.5" euler="20 30 40"><freejoint/><geom type="ellipsoid" size="0.1 0.15 0.2" rgba="1 0 0 1"/></body>
    <body name="wedge" pos="0.4 0.1 0.5" euler="20 30 40"><freejoint/><geom type="mesh" mesh="wedge" rgba="0 1 0 1"/></body>
    <body name="pin" pos="0.5 -0.5 0.5" euler="20 30 40"><freejoint/><geom type="cylinder" size="0.05 0.1" rgba="0 0 1 1"/></body>
    <flexcomp name="cloth" type="grid" count="5 5 1" spacing="0.1 0.1 0.1" pos="-0.2 0.4 0.4" dim="2" radius="0.01" mass="0.1" rgba="1 1 0 1">
      <edge equality="true"/>
    </flexcomp>
  </worldbody>
</mujoco>`;

it('describes a model so that its poses alone draw what the model draws', async () => {
  const physics = new Physics(await loadMujoco(), xml);
  physics.step(100);
  const bounds = { min: [-1, -1, 0], max: [1, 1, 1] } as const;
  const scene = viewerScene(physics, bounds, 'robot');
  const objects = scene.bodies.filter(({ role }) => role === 'object').map(({ name }) => name);
  expect(objects).toEqual(['egg', 'wedge', 'pin', 'soft bodies']);
  const shapes = scene.bodies.flatMap((body) => body.shapes.map(({ kind }) => kind));
  expect(shapes.sort()).toEqual(['box', 'box', 'cylinder', 'ellipsoid', 'mesh', 'skin']);
  const frame = new Float32Array(poseTrackWidth(scene)).fill(Number.NaN);
  new ViewerPoses(physics).write(frame);

  const { ngeom, nflexvert } = physics.model;
  const ofModel: FramePoses = {
    positions: physics.slice('geom_xpos', 0, 3 * ngeom).values,
    rotations: physics.slice('geom_xmat', 0, 9 * ngeom).values,
    vertices: physics.slice('flexvert_xpos', 0, 3 * nflexvert).values,
  };
  const recorded = new SceneInstances(scene);
  recorded.place(frame);
  const size = { width: 64, height: 64 };
  const draw = (instances: ConstructorParameters<typeof RenderScene>[0], poses: FramePoses) => {
    const rgb = new Uint8Array(size.width * size.height * 3);
    const camera = lookAt([0.5, -2, 1.6], [0, 0, 0.1]);
    new SceneRenderer(new RenderScene(instances), size).render(camera, intrinsicsFromFovY(45, size), poses, { rgb });
    return rgb;
  };
  const [model, viewer] = [draw(renderInstances(physics), ofModel), draw(recorded.instances, recorded.poses)];
  // Poses are stored in single precision: a pixel at an edge may differ.
  const differing = viewer.filter((value, index) => Math.abs(value - model[index]!) > 2).length;
  expect(differing / viewer.length).toBeLessThan(0.003);
  const hues = new Set(
    Array.from({ length: viewer.length / 3 }, (_, pixel) =>
      viewer
        .subarray(3 * pixel, 3 * pixel + 3)
        .map((value) => value >> 6)
        .join(),
    ),
  );
  expect(hues.size).toBeGreaterThan(5);
  physics.close();
});
