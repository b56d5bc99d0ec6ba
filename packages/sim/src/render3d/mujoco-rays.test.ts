import { describe, expect, it } from 'vitest';
import { renderInstances } from '../mujoco/geometry.js';
import { loadMujoco } from '../mujoco/module.js';
import { Physics } from '../mujoco/physics.js';
import { intrinsicsFromFovY, makeCameraPose, readMujocoCamera } from './camera.js';
import { SceneRenderer } from './renderer.js';
import { RenderScene } from './scene.js';

const size = { width: 64, height: 48 };
const fovY = 50;

/** One geom of every kind, turned, in front of two cameras. */
const xml = `
<mujoco>
  <asset>
    <mesh name="wedge" vertex="0 0 0 0.3 0 0 0 0.3 0 0 0 0.3"/>
  </asset>
  <worldbody>
    <geom type="plane" size="2 2 0.1" pos="0 0 -0.3"/>
    <body pos="-0.4 -0.5 0.1" euler="20 30 40"><geom type="box" size="0.1 0.15 0.2"/></body>
    <body pos="0 -0.5 0.2" euler="20 30 40"><geom type="sphere" size="0.2"/></body>
    <body pos="0.4 -0.5 0.1" euler="20 30 40"><geom type="capsule" size="0.1 0.15"/></body>
    <body pos="-0.4 0.1 0.1" euler="20 30 40"><geom type="cylinder" size="0.15 0.1"/></body>
    <body pos="0 0.1 0.1" euler="20 30 40"><geom type="ellipsoid" size="0.1 0.15 0.2"/></body>
    <body pos="0.4 0.1 0.1" euler="20 30 40"><geom type="mesh" mesh="wedge"/></body>
    <camera name="over" pos="0 -1.3 1.2" xyaxes="1 0 0 0 0.7 0.7" fovy="${fovY}"/>
    <camera name="side" pos="1.3 -0.6 0.3" xyaxes="0.4 1 0 -0.1 0 1" fovy="${fovY}"/>
  </worldbody>
</mujoco>`;

describe('SceneRenderer on a model of MuJoCo', () => {
  it("sees the depths and geoms that MuJoCo's own rays meet", async () => {
    const loaded = await loadMujoco();
    const mujoco = loaded.module;
    const physics = new Physics(loaded, xml);
    const model = mujoco.MjModel.from_xml_string(xml)!;
    const data = new mujoco.MjData(model);
    mujoco.mj_forward(model, data);
    const instances = renderInstances(physics);
    expect(instances).toHaveLength(7);
    const renderer = new SceneRenderer(new RenderScene(instances), size);
    const intrinsics = intrinsicsFromFovY(fovY, size);
    const poses = { positions: data.geom_xpos, rotations: data.geom_xmat };
    const geomBuffer = new mujoco.IntBuffer(1);
    const normalBuffer = new mujoco.DoubleBuffer(3);
    const allGroups = [1, 1, 1, 1, 1, 1];
    const pixels = size.width * size.height;
    const seen = new Set<number>();
    for (const camera of [0, 1]) {
      const pose = readMujocoCamera(data.cam_xpos, data.cam_xmat, camera, makeCameraPose());
      const depth = new Float32Array(pixels);
      const segmentation = new Int32Array(pixels);
      renderer.render(pose, intrinsics, poses, { depth, segmentation });
      let elsewhere = 0;
      for (let pixel = 0; pixel < pixels; pixel++) {
        const x = ((pixel % size.width) - intrinsics.cx) / intrinsics.fx;
        const y = (Math.floor(pixel / size.width) - intrinsics.cy) / intrinsics.fy;
        const length = Math.hypot(x, y, 1);
        const ray = [0, 1, 2].map(
          (axis) =>
            (pose.rotation[3 * axis]! * x + pose.rotation[3 * axis + 1]! * y + pose.rotation[3 * axis + 2]!) / length,
        );
        const distance = mujoco.mj_ray(
          model,
          data,
          [...pose.position],
          ray,
          allGroups,
          true,
          -1,
          geomBuffer,
          normalBuffer,
        );
        const geom: number = distance < 0 ? -1 : geomBuffer.GetView()[0];
        const segment = geom < 0 ? -1 : instances.find((instance) => instance.pose === geom)!.segment;
        if (segmentation[pixel] !== segment) {
          elsewhere += 1;
          continue;
        }
        if (segment < 0) continue;
        seen.add(segment);
        // Round shapes are inscribed: with 2 n corners around, the surface is up to r (1 - cos(pi / 2n)) too deep, along
        // the normal; the flat ones are exact.
        const normal: Float64Array = normalBuffer.GetView();
        const facing = -ray.reduce((sum, value, axis) => sum + value * normal[axis]!, 0);
        const round = [2, 3, 4, 5].includes(model.geom_type[geom]);
        const allowed = round ? 0.012 / Math.max(facing, 0.2) : 1e-6;
        expect(Math.abs(depth[pixel]! - distance / length)).toBeLessThan(allowed);
      }
      // Silhouettes of inscribed shapes.
      expect(elsewhere / pixels).toBeLessThan(0.015);
    }
    expect(seen.size).toBe(7);
    for (const owned of [geomBuffer, normalBuffer, data, model]) owned.delete();
    physics.close();
  });
});
