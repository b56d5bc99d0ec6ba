import type { EventKind, PicturesMessage } from '../../protocol/index.js';
import { type AlignedClip, delaysFor, sharedEvents } from '../state/alignment.js';
import { Clock } from '../state/clock.js';
import type { OpenQuery } from '../state/queries.js';
import { ClipPictures } from './pictures.js';
import { momentAt, poseTrack } from './poses.js';
import { SceneView } from './scene-view.js';
import { type Frame, Stage } from './stage.js';

/** A clip on the page: how it is redrawn, and its recorded pictures once they were asked for. */
interface LoadedClip extends AlignedClip {
  readonly frames: number;
  readonly view: SceneView | undefined;
  readonly isSpatial: boolean;
  readonly cameras: readonly string[];
  /** One of each camera, once they were asked for. */
  pictures: readonly ClipPictures[];
}

/** Where a clip is on the page. */
export interface ClipElements {
  /** The scene is drawn under this element. */
  readonly viewport: HTMLElement;
  /** One of each camera that is shown. */
  readonly pictures: readonly HTMLCanvasElement[];
}

/** What is shown of clips: the scene drawn again, the recorded pictures, or one beside the other. */
export const viewModes = ['redraw', 'both', 'pictures'] as const;
export type ViewMode = (typeof viewModes)[number];

/** What a card shows of its clip. */
export interface Shown {
  readonly scene: boolean;
  /** Names of the cameras. */
  readonly cameras: readonly string[];
}

/** Where a clip lies on the clock. */
export interface Span {
  readonly startSecs: number;
  readonly durationSecs: number;
  readonly events: readonly { readonly kind: EventKind; readonly timeSecs: number }[];
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
  #chosenMode: ViewMode | undefined;
  #chosenEvent: EventKind | undefined;
  #delays: readonly number[] = [];
  /** Called with the seconds that it took from the key press to the next query playing. */
  onSwitched: ((startMs: number, endMs: number) => void) | undefined;
  readonly #askForPictures: (query: string, place: number, camera: number) => void;
  readonly #loaded = new Map<string, LoadedClip[]>();
  #waiting: OpenQuery[] = [];
  #stage: Stage | undefined;
  #open: string | undefined;
  #openedMs = 0;
  #lastTickMs = 0;
  #drawnMs = 0;
  #isStale = true;
  #isFine = false;
  #switch: { readonly startMs: number; isDrawn: boolean } | undefined;

  constructor(askForPictures: (query: string, place: number, camera: number) => void) {
    this.#askForPictures = askForPictures;
  }

  /** @throws Error when the browser has no WebGL 2; recorded pictures can be played all the same */
  attach(canvas: HTMLCanvasElement): void {
    this.#stage = new Stage(canvas);
  }

  /** Notes a query that will be open soon; its clips are loaded while nothing else is going on. */
  prepare(query: OpenQuery): void {
    if (!this.#loaded.has(query.query)) this.#waiting.push(query);
  }

  /**
   * Shows a query from its first frame.
   * @param plays how often it was played before a reload
   */
  open(query: OpenQuery | undefined, plays: number): void {
    this.#open = query?.query;
    if (query === undefined) return;
    this.#load(query);
    this.#delays = delaysFor(this.#clips(), this.alignedBy);
    this.clock.load(this.#durationSecs(), Math.max(...query.clips.map(({ fps }) => fps)));
    this.clock.plays = plays;
    if (this.mode !== 'redraw') this.#loadPictures(query.query);
    this.#openedMs = performance.now();
    this.redraw();
  }

  /** Starts to measure how long it takes until the next query plays. */
  noteSwitch(startMs: number): void {
    this.#switch = { startMs, isDrawn: false };
  }

  /** What the annotator chose to see; at first the pictures beside what is redrawn in space, and else what is redrawn. */
  get mode(): ViewMode {
    const clips = this.#clips();
    const hasBoth = clips.some(({ isSpatial, cameras }) => isSpatial && cameras.length > 0);
    return this.#chosenMode ?? (hasBoth ? 'both' : 'redraw');
  }

  /** The next of the modes, where there are pictures. */
  toggleMode(): void {
    if (!this.canShowPictures) return;
    this.#chosenMode = viewModes[(viewModes.indexOf(this.mode) + 1) % viewModes.length]!;
    if (this.#open !== undefined && this.mode !== 'redraw') this.#loadPictures(this.#open);
    this.redraw();
  }

  /** What the clip at this place shows now; one that has only a scene, or only pictures, shows these. */
  shown(place: number): Shown {
    const clip = this.#clips()[place];
    if (clip === undefined) return { scene: false, cameras: [] };
    const canDraw = clip.view !== undefined && this.#stage !== undefined;
    const scene = canDraw && (this.mode !== 'pictures' || clip.cameras.length === 0);
    return { scene, cameras: this.mode === 'redraw' && scene ? [] : clip.cameras };
  }

  get canShowPictures(): boolean {
    return this.#clips().some(({ cameras }) => cameras.length > 0);
  }

  /** Events that the open clips can be aligned by. */
  get events(): EventKind[] {
    return sharedEvents(this.#clips());
  }

  /** The event that the open clips are aligned by. */
  get alignedBy(): EventKind | undefined {
    return this.events.find((kind) => kind === this.#chosenEvent);
  }

  /** Aligns the clips by an event, or lets all start at once. */
  alignBy(kind: EventKind | undefined): void {
    this.#chosenEvent = kind;
    this.#delays = delaysFor(this.#clips(), this.alignedBy);
    this.clock.setDuration(this.#durationSecs());
    this.redraw();
  }

  /** The next event that the clips share; after the last, none. */
  alignByNext(): void {
    const { events } = this;
    this.alignBy(events[this.alignedBy === undefined ? 0 : events.indexOf(this.alignedBy) + 1]);
  }

  /** Where the clip at this place lies on the clock. */
  spanOf(place: number): Span {
    const clip = this.#clips()[place];
    const startSecs = this.#delays[place] ?? 0;
    if (clip === undefined) return { startSecs, durationSecs: 0, events: [] };
    const events = clip.events.map(({ kind, frame }) => ({ kind, timeSecs: startSecs + frame / clip.fps }));
    return { startSecs, durationSecs: clip.frames / clip.fps, events };
  }

  /** The frames [from, to) of each open clip that show in this part of the clock's time; null where none does. */
  framesWithin(fromSecs: number, toSecs: number): ([number, number] | null)[] {
    return this.#clips().map(({ frames, fps }, place) => {
      const delay = this.#delays[place]!;
      // The small number keeps a time that stands exactly on a frame from taking in the next.
      const from = Math.max(0, Math.floor((fromSecs - delay) * fps + 1e-6));
      const to = Math.min(frames, Math.ceil((toSecs - delay) * fps - 1e-6));
      return from < to ? [from, to] : null;
    });
  }

  /** The frame that the clip at this place shows, and how many it has. */
  frameOf(place: number): { readonly frame: number; readonly frames: number } | undefined {
    const clip = this.#clips()[place];
    return clip && { frame: momentAt(clip, this.#timeOf(place)).frame, frames: clip.frames };
  }

  addPictures({ query, place, camera, from, frames }: PicturesMessage): void {
    const pictures = this.#loaded.get(query)?.[place]?.pictures[camera];
    void pictures?.add(from, frames).then(() => this.redraw());
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
      const timeSecs = this.#timeOf(place);
      const { scene, cameras } = this.shown(place);
      const { frame } = momentAt(clip, timeSecs);
      cameras.forEach((_, camera) => {
        const canvas = element.pictures[camera];
        if (canvas !== undefined) clip.pictures[camera]?.draw(canvas, frame);
      });
      if (scene && clip.view !== undefined) frames.push({ view: clip.view, element: element.viewport, timeSecs });
    });
    this.#stage?.draw(frames, detail);
  }

  #timeOf(place: number): number {
    return this.clock.timeSecs - (this.#delays[place] ?? 0);
  }

  #durationSecs(): number {
    const ends = this.#clips().map(({ frames, fps }, place) => frames / fps + this.#delays[place]!);
    return Math.max(0, ...ends);
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
  #load(query: OpenQuery): void {
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
  #loadOneClip(query: OpenQuery): boolean {
    const clips = this.#loaded.get(query.query) ?? [];
    this.#loaded.set(query.query, clips);
    const clip = query.clips[clips.length];
    if (clip === undefined) return false;
    const { frames, fps, redraw, cameras, events } = clip;
    const view = redraw && new SceneView(redraw.scene, poseTrack(redraw.scene, redraw.poses, frames, fps));
    if (view) this.#stage?.warmUp(view);
    const isSpatial = redraw?.scene.view === 'spatial';
    clips.push({ frames, fps, view: view ?? undefined, isSpatial, cameras, events, pictures: [] });
    if (this.mode !== 'redraw' || view === null) this.#loadPictures(query.query);
    return true;
  }

  #loadPictures(query: string): void {
    this.#loaded.get(query)?.forEach((clip, place) => {
      if (clip.pictures.length === clip.cameras.length) return;
      clip.pictures = clip.cameras.map(() => new ClipPictures());
      clip.cameras.forEach((_, camera) => {
        this.#askForPictures(query, place, camera);
      });
    });
  }

  #forgetOldest(): void {
    for (const [query, clips] of this.#loaded) {
      if (this.#loaded.size <= mostLoaded) return;
      if (query === this.#open) continue;
      for (const clip of clips) {
        clip.view?.dispose();
        for (const pictures of clip.pictures) pictures.dispose();
      }
      this.#loaded.delete(query);
    }
  }
}
