import type { ImageSize, Scene } from '@rapport/core';
import { renderInstances } from '../mujoco/geometry.js';
import type { Physics } from '../mujoco/physics.js';
import type { LiveSlice } from '../mujoco/quantities.js';
import { type CameraPose, intrinsicsFromFovY, makeCameraPose, readMujocoCamera } from '../render3d/camera.js';
import { type RenderOutputs, SceneRenderer } from '../render3d/renderer.js';
import { type FramePoses, RenderScene } from '../render3d/scene.js';

/** Draws what the cameras of a model see, with shadows, which tell how high a thing is above the table. */
export class CameraView {
  readonly #physics: Physics;
  readonly #scene: RenderScene;
  readonly #shadowBounds: Scene['bounds'];
  readonly #renderers = new Map<string, SceneRenderer>();
  readonly #pose: CameraPose = makeCameraPose();
  readonly #geomPositions: LiveSlice;
  readonly #geomRotations: LiveSlice;
  readonly #vertices: LiveSlice;
  readonly #cameraPositions: LiveSlice;
  readonly #cameraRotations: LiveSlice;

  /** @param shadowBounds where things cast shadows */
  constructor(physics: Physics, shadowBounds: Scene['bounds']) {
    const { ngeom, nflexvert, ncam } = physics.model;
    this.#physics = physics;
    this.#shadowBounds = shadowBounds;
    this.#scene = new RenderScene(renderInstances(physics));
    this.#geomPositions = physics.slice('geom_xpos', 0, 3 * ngeom);
    this.#geomRotations = physics.slice('geom_xmat', 0, 9 * ngeom);
    this.#vertices = physics.slice('flexvert_xpos', 0, 3 * nflexvert);
    this.#cameraPositions = physics.slice('cam_xpos', 0, 3 * ncam);
    this.#cameraRotations = physics.slice('cam_xmat', 0, 9 * ncam);
  }

  /**
   * Draws one camera's picture of the present state.
   * @throws InputError when there is no such camera, or the size or an array does not fit
   */
  render(camera: string, size: ImageSize, outputs: RenderOutputs): void {
    const index = this.#physics.index('camera', camera);
    const fovYDeg: number = this.#physics.model.cam_fovy[index];
    const pose = readMujocoCamera(this.#cameraPositions.values, this.#cameraRotations.values, index, this.#pose);
    const poses: FramePoses = {
      positions: this.#geomPositions.values,
      rotations: this.#geomRotations.values,
      vertices: this.#vertices.values,
    };
    this.#renderer(size).render(pose, intrinsicsFromFovY(fovYDeg, size), poses, outputs);
  }

  #renderer(size: ImageSize): SceneRenderer {
    const key = `${size.width}x${size.height}`;
    let renderer = this.#renderers.get(key);
    if (renderer === undefined) {
      renderer = new SceneRenderer(this.#scene, size, { shadowBounds: this.#shadowBounds });
      this.#renderers.set(key, renderer);
    }
    return renderer;
  }
}
