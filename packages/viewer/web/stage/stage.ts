import { PCFShadowMap, WebGLRenderer, WebGLRenderTarget } from 'three';
import type { SceneView } from './scene-view.js';

/** A scene and the element that it is drawn behind. */
export interface Frame {
  readonly view: SceneView;
  readonly element: HTMLElement;
}

/** From the finest to the fastest; the stage goes one down when it cannot keep up. */
const qualities = [
  { pixelRatio: 2, shadows: true },
  { pixelRatio: 1, shadows: true },
  { pixelRatio: 1, shadows: false },
  { pixelRatio: 0.6, shadows: false },
] as const;

/** Frames per second below which the quality goes down, measured over this many frames. */
const leastFps = 24;
const measuredFrames = 24;
/** Above this number of pixels a finer picture costs more than it shows. */
const mostPixels = 9_000_000;

/** Draws all clips of a query with one renderer on one canvas that lies under their elements. */
export class Stage {
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
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: true, powerPreference: 'high-performance' });
    this.#renderer.shadowMap.type = PCFShadowMap;
    this.#renderer.setScissorTest(true);
    this.#applyQuality();
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
    if (!isTooSlow || this.#quality === qualities.length - 1) return false;
    this.#quality += 1;
    this.#applyQuality();
    return true;
  }

  #applyQuality(): void {
    this.#renderer.shadowMap.enabled = qualities[this.#quality]!.shadows;
  }

  #fitCanvas(width: number, height: number): void {
    const wanted = Math.min(devicePixelRatio, qualities[this.#quality]!.pixelRatio);
    const ratio = Math.min(wanted, Math.sqrt(mostPixels / Math.max(1, width * height)));
    const { width: nowWidth, height: nowHeight } = this.#canvas;
    if (nowWidth === Math.floor(width * ratio) && nowHeight === Math.floor(height * ratio)) return;
    this.#renderer.setPixelRatio(ratio);
    this.#renderer.setSize(width, height, false);
  }
}
