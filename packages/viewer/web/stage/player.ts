import type { PicturesMessage, QueryMessage } from '../../protocol/index.js';
import { Clock } from '../state/clock.js';
import { ClipPictures } from './pictures.js';
import { momentAt, poseTrack } from './poses.js';
import { SceneView } from './scene-view.js';
import { type Frame, Stage } from './stage.js';

/** A clip on the page: how it is redrawn, and its recorded pictures once they were asked for. */
interface LoadedClip {
  readonly frames: number;
  readonly fps: number;
  readonly view: SceneView | undefined;
  readonly hasPictures: boolean;
  pictures: ClipPictures | undefined;
}

/** Where a clip is on the page. */
export interface ClipElements {
  /** The scene is drawn under this element. */
  readonly viewport: HTMLElement;
  readonly pictures: HTMLCanvasElement;
}

/** Queries whose clips stay loaded: the open one, the next, and a few to go back to. */
const mostLoaded = 6;
/** How long after a query opened the next one is left alone. */
const settleMs = 250;
/** How long a picture must stand before it is drawn finely. */
const standsAfterMs = 200;

/** Plays the open query: one clock, one stage, and the clips of the queries at hand. */
export class Player {
  readonly clock = new Clock();
  /** What the annotator chose to see; a clip that has only the other shows that. */
  mode: 'redraw' | 'pictures' = 'redraw';
  /** Called with the seconds that it took from the key press to the next query playing. */
  onSwitched: ((startMs: number, endMs: number) => void) | undefined;
  readonly #askForPictures: (query: string, place: number) => void;
  readonly #loaded = new Map<string, LoadedClip[]>();
  #waiting: QueryMessage[] = [];
  #stage: Stage | undefined;
  #open: string | undefined;
  #openedMs = 0;
  #lastTickMs = 0;
  #drawnMs = 0;
  #isStale = true;
  #isFine = false;
  #switch: { readonly startMs: number; isDrawn: boolean } | undefined;

  constructor(askForPictures: (query: string, place: number) => void) {
    this.#askForPictures = askForPictures;
  }

  /** @throws Error when the browser has no WebGL 2; recorded pictures can be played all the same */
  attach(canvas: HTMLCanvasElement): void {
    this.#stage = new Stage(canvas);
  }

  /** Notes a query that will be open soon; its clips are loaded while nothing else is going on. */
  prepare(query: QueryMessage): void {
    if (!this.#loaded.has(query.query)) this.#waiting.push(query);
  }

  /**
   * Shows a query from its first frame.
   * @param plays how often it was played before a reload
   */
  open(query: QueryMessage | undefined, plays: number): void {
    this.#open = query?.query;
    if (query === undefined) return;
    this.#load(query);
    const durations = query.clips.map(({ frames, fps }) => frames / fps);
    this.clock.load(Math.max(...durations), Math.max(...query.clips.map(({ fps }) => fps)));
    this.clock.plays = plays;
    if (this.mode === 'pictures') this.#loadPictures(query.query);
    this.#openedMs = performance.now();
    this.redraw();
  }

  /** Starts to measure how long it takes until the next query plays. */
  noteSwitch(startMs: number): void {
    this.#switch = { startMs, isDrawn: false };
  }

  /** Between the 3-D view and recorded pictures, where there are any. */
  toggleMode(): void {
    if (!this.canShowPictures) return;
    this.mode = this.mode === 'redraw' ? 'pictures' : 'redraw';
    if (this.#open !== undefined && this.mode === 'pictures') this.#loadPictures(this.#open);
    this.redraw();
  }

  /** What the clip at this place shows now. */
  showsPictures(place: number): boolean {
    const clip = this.#clips()[place];
    if (clip === undefined) return false;
    return clip.hasPictures && (this.mode === 'pictures' || clip.view === undefined || this.#stage === undefined);
  }

  get canShowPictures(): boolean {
    return this.#clips().some((clip) => clip.hasPictures);
  }

  /** The frame that the clip at this place shows, and how many it has. */
  frameOf(place: number): { readonly frame: number; readonly frames: number } | undefined {
    const clip = this.#clips()[place];
    return clip && { frame: momentAt(clip, this.clock.timeSecs).frame, frames: clip.frames };
  }

  addPictures({ query, place, from, frames }: PicturesMessage): void {
    const clip = this.#loaded.get(query)?.[place];
    void clip?.pictures?.add(from, frames).then(() => this.redraw());
  }

  /** The next tick draws even if the clock stands. */
  redraw(): void {
    this.#isStale = true;
  }

  /** One display frame. Returns whether anything was drawn. */
  tick(nowMs: number, elements: readonly ClipElements[]): boolean {
    this.#noteSwitchEnd();
    const elapsedMs = Math.max(0, nowMs - this.#lastTickMs);
    // Display frames come a little early or late; a millisecond decides nothing.
    if (!this.#isStale && elapsedMs < (this.#stage?.intervalMs ?? 0) - 1) return false;
    const elapsedSecs = Math.min(0.25, elapsedMs / 1000);
    this.#lastTickMs = nowMs;
    const before = this.clock.timeSecs;
    this.clock.advance(elapsedSecs);
    this.#loadWaiting(nowMs);
    if (!this.#isStale && this.clock.timeSecs === before) {
      this.#refine(nowMs, elements);
      return false;
    }
    this.#isStale = false;
    this.#drawnMs = nowMs;
    this.#isFine = false;
    this.#draw(elements, 'moving');
    if (this.#switch !== undefined && this.clock.timeSecs > 0) this.#switch.isDrawn = true;
    if (this.clock.isPlaying) this.#stage?.measure(elapsedMs);
    return true;
  }

  /** A picture that has stood for a moment is drawn once more, as finely as helps. */
  #refine(nowMs: number, elements: readonly ClipElements[]): void {
    if (this.#isFine || this.clock.isPlaying || nowMs - this.#drawnMs < standsAfterMs) return;
    this.#isFine = true;
    this.#draw(elements, 'still');
  }

  #draw(elements: readonly ClipElements[], detail: 'moving' | 'still'): void {
    const frames: Frame[] = [];
    this.#clips().forEach((clip, place) => {
      const element = elements[place];
      if (element === undefined) return;
      if (this.showsPictures(place)) {
        clip.pictures?.draw(element.pictures, momentAt(clip, this.clock.timeSecs).frame);
      } else if (clip.view !== undefined) {
        frames.push({ view: clip.view, element: element.viewport });
      }
    });
    this.#stage?.draw(frames, this.clock.timeSecs, detail);
  }

  /** A frame of the new query with a running clock was drawn in the tick before: it is on screen now. */
  #noteSwitchEnd(): void {
    if (!this.#switch?.isDrawn) return;
    this.onSwitched?.(this.#switch.startMs, performance.now());
    this.#switch = undefined;
  }

  #clips(): readonly LoadedClip[] {
    return this.#open === undefined ? [] : (this.#loaded.get(this.#open) ?? []);
  }

  /** Loads the clips that are missing; those of a query that waited its turn are there already. */
  #load(query: QueryMessage): void {
    while (this.#loadOneClip(query));
    this.#waiting = this.#waiting.filter((other) => other.query !== query.query);
    this.#forgetOldest();
  }

  /** One clip per display frame, and none while the open query has just begun: that must not stutter. */
  #loadWaiting(nowMs: number): void {
    const query = this.#waiting[0];
    if (query === undefined || nowMs - this.#openedMs < settleMs) return;
    if (!this.#loadOneClip(query)) this.#load(query);
  }

  /** Returns whether there was a clip to load. */
  #loadOneClip(query: QueryMessage): boolean {
    const clips = this.#loaded.get(query.query) ?? [];
    this.#loaded.set(query.query, clips);
    const clip = query.clips[clips.length];
    if (clip === undefined) return false;
    const { frames, fps, redraw, hasPictures } = clip;
    const view = redraw && new SceneView(redraw.scene, poseTrack(redraw.scene, redraw.poses, frames, fps));
    if (view) this.#stage?.warmUp(view);
    clips.push({ frames, fps, view: view ?? undefined, hasPictures, pictures: undefined });
    if (this.mode === 'pictures' || view === null) this.#loadPictures(query.query);
    return true;
  }

  #loadPictures(query: string): void {
    this.#loaded.get(query)?.forEach((clip, place) => {
      if (!clip.hasPictures || clip.pictures !== undefined) return;
      clip.pictures = new ClipPictures();
      this.#askForPictures(query, place);
    });
  }

  #forgetOldest(): void {
    for (const [query, clips] of this.#loaded) {
      if (this.#loaded.size <= mostLoaded) return;
      if (query === this.#open) continue;
      for (const clip of clips) {
        clip.view?.dispose();
        clip.pictures?.dispose();
      }
      this.#loaded.delete(query);
    }
  }
}
