import { BasicShadowMap, PCFShadowMap, WebGLRenderer, WebGLRenderTarget } from 'three';
import type { SceneView } from './scene-view.js';

/** A scene at a moment of its clip, and the element that it is drawn behind. */
export interface Frame {
  readonly view: SceneView;
  readonly element: HTMLElement;
  readonly timeSecs: number;
}

/**
 * What a moving picture may cost, from the finest to the cheapest: pixels, and milliseconds from one picture to the next.
 * The stage goes one down when it cannot keep up.
 */
const levels = [
  { pixels: 9_000_000, intervalMs: 0 },
  { pixels: 4_000_000, intervalMs: 33 },
  { pixels: 1_200_000, intervalMs: 33 },
  // Still close to the eight frames a second that X-Magical records; the processor is needed elsewhere.
  { pixels: 1_200_000, intervalMs: 100 },
] as const;
/** Where a browser without a graphics card starts. */
const softwareLevel = 1;
/** A stage that needs longer than this for a picture, on average over so many, cannot keep up. */
const slowFrameMs = 50;
const measuredFrames = 16;

/** Draws all clips of a query with one renderer on one canvas that lies over their elements. */
export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #renderer: WebGLRenderer;
  /** A picture of one point: drawing into it moves a scene to the GPU before it is shown. */
  readonly #warmUpTarget = new WebGLRenderTarget(1, 1);
  #level: number;
  #frameCount = 0;
  #frameMs = 0;

  /** @throws Error when the browser has no WebGL 2 */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    // Smooth edges and soft shadows cost a software renderer several times the work.
    const isSoftware = drawsInSoftware();
    this.#level = isSoftware ? softwareLevel : 0;
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: !isSoftware });
    this.#renderer.shadowMap.type = isSoftware ? BasicShadowMap : PCFShadowMap;
    this.#renderer.shadowMap.enabled = true;
    this.#renderer.setScissorTest(true);
  }

  /** Least time from one moving picture to the next, in milliseconds. */
  get intervalMs(): number {
    return levels[this.#level]!.intervalMs;
  }

  /** Compiles and uploads a scene, so that showing it later costs one ordinary frame. */
  warmUp(view: SceneView): void {
    view.frame(1);
    this.#renderer.setRenderTarget(this.#warmUpTarget);
    this.#renderer.render(view.scene, view.camera);
    this.#renderer.setRenderTarget(null);
  }

  /**
   * Draws every frame at its element's place.
   * @param detail `moving` keeps to the budget; `still` draws as finely as helps, for a picture that stays
   */
  draw(frames: readonly Frame[], detail: 'moving' | 'still'): void {
    const canvasBox = this.#canvas.getBoundingClientRect();
    if (canvasBox.width < 1 || canvasBox.height < 1) return;
    this.#fitCanvas(canvasBox.width, canvasBox.height, detail);
    this.#renderer.setScissor(0, 0, canvasBox.width, canvasBox.height);
    this.#renderer.setViewport(0, 0, canvasBox.width, canvasBox.height);
    this.#renderer.clear();
    for (const { view, element, timeSecs } of frames) {
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

  /** Notes how long it took from one moving picture to the next, and lowers the level when that is too long. */
  measure(frameMs: number): void {
    this.#frameCount += 1;
    this.#frameMs += frameMs;
    if (this.#frameCount < measuredFrames) return;
    const isTooSlow = this.#frameMs / this.#frameCount > slowFrameMs;
    if (isTooSlow) this.#level = Math.min(this.#level + 1, levels.length - 1);
    this.#frameCount = 0;
    this.#frameMs = 0;
  }

  #fitCanvas(width: number, height: number, detail: 'moving' | 'still'): void {
    const { pixels } = levels[detail === 'still' ? 0 : this.#level]!;
    const wanted = detail === 'still' ? 2 : Math.min(2, devicePixelRatio);
    const ratio = Math.min(wanted, Math.sqrt(pixels / (width * height)));
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
