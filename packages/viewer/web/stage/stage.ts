import { BasicShadowMap, PCFShadowMap, WebGLRenderer, WebGLRenderTarget } from 'three';
import type { SceneView } from './scene-view.js';

/** A scene and the element that it is drawn behind. */
export interface Frame {
  readonly view: SceneView;
  readonly element: HTMLElement;
}

/** Canvas points per screen point, from the finest to the fastest; the stage goes one down when it cannot keep up. */
const pixelRatios = [2, 1, 0.7] as const;
/** Where a browser without a graphics card starts. */
const softwareQuality = 1;
/** It draws at most 30 pictures a second, so that the processor has time for the next query. */
const softwareIntervalMs = 1000 / 30;

/** Frames per second below which the quality goes down, measured over this many frames. */
const leastFps = 20;
const measuredFrames = 24;
/** Above this number of pixels a finer picture costs more than it shows. */
const mostPixels = 9_000_000;

/** Draws all clips of a query with one renderer on one canvas that lies under their elements. */
export class Stage {
  /** Least time between two pictures, in milliseconds. */
  readonly intervalMs: number;
  readonly #canvas: HTMLCanvasElement;
  readonly #renderer: WebGLRenderer;
  /** A picture of one point: drawing into it moves a scene to the GPU before it is shown. */
  readonly #warmUpTarget = new WebGLRenderTarget(1, 1);
  #quality = 0;
  #frameCount = 0;
  #frameSecs = 0;

  /** @throws Error when the browser has no WebGL 2 */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    // Smooth edges and soft shadows cost a software renderer several times the work.
    const isSoftware = drawsInSoftware();
    this.#quality = isSoftware ? softwareQuality : 0;
    this.intervalMs = isSoftware ? softwareIntervalMs : 0;
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: !isSoftware });
    this.#renderer.shadowMap.type = isSoftware ? BasicShadowMap : PCFShadowMap;
    this.#renderer.shadowMap.enabled = true;
    this.#renderer.setScissorTest(true);
  }

  /** Compiles and uploads a scene, so that showing it later costs one ordinary frame. */
  warmUp(view: SceneView): void {
    view.frame(1);
    this.#renderer.setRenderTarget(this.#warmUpTarget);
    this.#renderer.render(view.scene, view.camera);
    this.#renderer.setRenderTarget(null);
  }

  /** Draws every frame at its element's place, at this time of its clip. */
  draw(frames: readonly Frame[], timeSecs: number): void {
    const canvasBox = this.#canvas.getBoundingClientRect();
    if (canvasBox.width < 1 || canvasBox.height < 1) return;
    this.#fitCanvas(canvasBox.width, canvasBox.height);
    this.#renderer.setScissor(0, 0, canvasBox.width, canvasBox.height);
    this.#renderer.setViewport(0, 0, canvasBox.width, canvasBox.height);
    this.#renderer.clear();
    for (const { view, element } of frames) {
      const box = element.getBoundingClientRect();
      if (box.width < 1 || box.height < 1) continue;
      const left = box.left - canvasBox.left;
      const bottom = canvasBox.bottom - box.bottom;
      this.#renderer.setViewport(left, bottom, box.width, box.height);
      this.#renderer.setScissor(left, bottom, box.width, box.height);
      view.frame(box.width / box.height);
      view.pose(timeSecs);
      this.#renderer.render(view.scene, view.camera);
    }
  }

  /** Notes how long a frame took while playing; lowers the quality when that is too long. Returns whether it did. */
  measure(frameSecs: number): boolean {
    this.#frameCount += 1;
    this.#frameSecs += frameSecs;
    if (this.#frameCount < measuredFrames) return false;
    const isTooSlow = this.#frameCount / this.#frameSecs < leastFps;
    this.#frameCount = 0;
    this.#frameSecs = 0;
    if (!isTooSlow || this.#quality === pixelRatios.length - 1) return false;
    this.#quality += 1;
    return true;
  }

  #fitCanvas(width: number, height: number): void {
    const wanted = Math.min(devicePixelRatio, pixelRatios[this.#quality]!);
    const ratio = Math.min(wanted, Math.sqrt(mostPixels / Math.max(1, width * height)));
    const { width: nowWidth, height: nowHeight } = this.#canvas;
    if (nowWidth === Math.floor(width * ratio) && nowHeight === Math.floor(height * ratio)) return;
    this.#renderer.setPixelRatio(ratio);
    this.#renderer.setSize(width, height, false);
  }
}

function drawsInSoftware(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  const info = context?.getExtension('WEBGL_debug_renderer_info');
  const name = info ? String(context?.getParameter(info.UNMASKED_RENDERER_WEBGL)) : '';
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return /swiftshader|llvmpipe|software/i.test(name);
}
