/** How long the last frame stays before a loop starts again. */
const holdSecs = 0.6;

export const speeds = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4] as const;

/** The one clock that all clips of a query run on. */
export class Clock {
  /** Position in seconds, from 0 to `durationSecs` of the longest clip. */
  timeSecs = 0;
  durationSecs = 0;
  isPlaying = false;
  isLooping = true;
  speed = 1;
  /** How often it ran from the start since `load`. */
  plays = 0;
  #fps = 1;
  #heldSecs = 0;

  /** Starts a new query from its first frame. */
  load(durationSecs: number, fps: number): void {
    this.durationSecs = durationSecs;
    this.#fps = fps;
    this.timeSecs = 0;
    this.plays = 0;
    this.#heldSecs = 0;
    this.isPlaying = true;
  }

  /** The clips last longer or shorter than before. */
  setDuration(durationSecs: number): void {
    this.durationSecs = durationSecs;
    this.timeSecs = Math.min(this.timeSecs, durationSecs);
  }

  /** Lets `elapsedSecs` of real time pass. */
  advance(elapsedSecs: number): void {
    if (!this.isPlaying || this.durationSecs === 0) return;
    if (this.timeSecs === 0 && elapsedSecs > 0) this.plays += 1;
    this.timeSecs = Math.min(this.durationSecs, this.timeSecs + elapsedSecs * this.speed);
    if (this.timeSecs < this.durationSecs) return;
    if (!this.isLooping) {
      this.isPlaying = false;
      return;
    }
    this.#heldSecs += elapsedSecs;
    if (this.#heldSecs < holdSecs) return;
    this.#heldSecs = 0;
    this.timeSecs = 0;
  }

  togglePlaying(): void {
    if (!this.isPlaying && this.timeSecs >= this.durationSecs) this.seek(0);
    this.isPlaying = !this.isPlaying;
  }

  seek(timeSecs: number): void {
    this.timeSecs = Math.min(this.durationSecs, Math.max(0, timeSecs));
    this.#heldSecs = 0;
  }

  /** The frame of the finest clip, counted from 0. */
  get frame(): number {
    // The small number keeps a position that stands exactly on a frame from being rounded to the frame before.
    return Math.floor(this.timeSecs * this.#fps + 1e-6);
  }

  /** When the frame that is shown ends, seconds. */
  get frameEndSecs(): number {
    return Math.min(this.durationSecs, (this.frame + 1) / this.#fps);
  }

  /** Stops and goes `frames` on, or back when negative, to the start of that frame. */
  step(frames: number): void {
    this.isPlaying = false;
    const lastFrame = Math.round(this.durationSecs * this.#fps) - 1;
    this.seek(Math.min(this.frame + frames, lastFrame) / this.#fps);
  }

  /** The next faster (`+1`) or slower (`-1`) speed. */
  changeSpeed(direction: 1 | -1): void {
    const index = speeds.findIndex((speed) => speed >= this.speed) + direction;
    this.speed = speeds[Math.min(speeds.length - 1, Math.max(0, index))]!;
  }

  setSpeed(speed: number): void {
    this.speed = Math.min(speeds.at(-1)!, Math.max(speeds[0], speed));
  }

  toggleLooping(): void {
    this.isLooping = !this.isLooping;
  }
}
