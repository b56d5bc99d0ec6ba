import { BasicShadowMap, PCFShadowMap, WebGLRenderer, WebGLRenderTarget } from 'three';
import type { SceneView } from './scene-view.js';

/** A scene and the element that it is drawn behind. */
export interface Frame {
  readonly view: SceneView;
  readonly element: HTMLElement;
}

/** Most pixels of a moving picture, from the finest to the fastest; the stage goes one down when it cannot keep up. */
const pixelBudgets = [9_000_000, 4_000_000, 1_200_000] as const;
/** Where a browser without a graphics card starts. */
const softwareBudget = 1;
/** It draws at most 30 pictures a second, so that the processor has time for the next query. */
const softwareIntervalMs = 1000 / 30;
/** Frames per second below which the budget goes down, measured over this many frames. */
const leastFps = 20;
const measuredFrames = 24;

/** Draws all clips of a query with one renderer on one canvas that lies over their elements. */
export class Stage {
  /** Least time between two pictures, in milliseconds. */
  readonly intervalMs: number;
  readonly #canvas: HTMLCanvasElement;
  readonly #renderer: WebGLRenderer;
  /** A picture of one point: drawing into it moves a scene to the GPU before it is shown. */
  readonly #warmUpTarget = new WebGLRenderTarget(1, 1);
  #budget: number;
  #frameCount = 0;
  #frameSecs = 0;

  /** @throws Error when the browser has no WebGL 2 */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    // Smooth edges and soft shadows cost a software renderer several times the work.
    const isSoftware = drawsInSoftware();
    this.#budget = isSoftware ? softwareBudget : 0;
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

  /**
   * Draws every frame at its element's place, at this time of its clip.
   * @param detail `moving` keeps to the budget; `still` draws as finely as helps, for a picture that stays
   */
  draw(frames: readonly Frame[], timeSecs: number, detail: 'moving' | 'still'): void {
    const canvasBox = this.#canvas.getBoundingClientRect();
    if (canvasBox.width < 1 || canvasBox.height < 1) return;
    this.#fitCanvas(canvasBox.width, canvasBox.height, detail);
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

  /** Notes how long a frame took while playing, and lowers the budget when that is too long. */
  measure(frameSecs: number): void {
    this.#frameCount += 1;
    this.#frameSecs += frameSecs;
    if (this.#frameCount < measuredFrames) return;
    if (this.#frameCount / this.#frameSecs < leastFps) {
      this.#budget = Math.min(this.#budget + 1, pixelBudgets.length - 1);
    }
    this.#frameCount = 0;
    this.#frameSecs = 0;
  }

  #fitCanvas(width: number, height: number, detail: 'moving' | 'still'): void {
    const [wanted, budget] =
      detail === 'still' ? [2, pixelBudgets[0]] : [Math.min(2, devicePixelRatio), pixelBudgets[this.#budget]!];
    const ratio = Math.min(wanted, Math.sqrt(budget / (width * height)));
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
