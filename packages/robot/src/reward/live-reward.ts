import { type FrameStack, InputError } from '@rapport/core';
import type { Encoder, RewardModel } from '@rapport/reward';
import { LatencyStatistics, type Percentiles } from '../runner/latency.js';
import { EpisodeReward } from './episode-reward.js';
import { FrameGrid } from './frame-grid.js';
import type { EpisodeJudgement } from './reward-messages.js';

/** By what episodes are judged. */
export interface LiveRewardOptions {
  readonly model: RewardModel;
  readonly encoder: Encoder;
  /** Pictures per second that are judged. */
  readonly frameRate: number;
  /** An episode is complete after so many pictures; 0: only when it is ended. */
  readonly episodeFrames: number;
}

/** Told what comes of pictures. */
export interface LiveRewardHooks {
  /** @param stamp of the newest picture, seconds */
  readonly onJudgement: (judged: EpisodeJudgement, stamp: number) => void;
  readonly onProblem: (text: string) => void;
}

/** How judging keeps up. */
export interface LiveRewardReport {
  readonly running: boolean;
  /** Pictures that are due and have not been taken. */
  readonly framesBehind: number;
  /** Pictures of the running episode that were not judged because there was no time. */
  readonly dropped: number;
  /** What encoding a picture takes, seconds, and what solving the transport to all references; NaN before the first. */
  readonly encoding: Percentiles;
  readonly judging: Percentiles;
  /** Seconds since the newest judged picture of the episode was taken; undefined before the first. */
  readonly age: number | undefined;
}

interface RunningEpisode {
  readonly number: number;
  readonly grid: FrameGrid;
  readonly reward: EpisodeReward;
  /** Stamp of the newest judged picture, seconds. */
  judgedAt: number | undefined;
}

/**
 * Judges episodes while they run, without a graph. One picture is encoded at a time; those that come meanwhile are left out and
 * counted, so that what is told is never of long ago. Times are ROS time in seconds.
 */
export class LiveReward {
  /** Episodes that have been judged to their end. */
  episodes = 0;
  readonly #options: LiveRewardOptions;
  readonly #hooks: LiveRewardHooks;
  readonly #encoding = new LatencyStatistics();
  readonly #judging = new LatencyStatistics();
  #lastNumber = 0;
  #episode: RunningEpisode | undefined;
  /** A picture that is being encoded and judged. */
  #work: Promise<void> | undefined;

  constructor(options: LiveRewardOptions, hooks: LiveRewardHooks) {
    this.#options = options;
    this.#hooks = hooks;
  }

  /** Whether a picture would be looked at at all now. */
  get idle(): boolean {
    return this.#episode !== undefined && this.#work === undefined;
  }

  /**
   * Starts an episode; one that runs has come to its end.
   * @param number by default the next one
   * @returns its number
   */
  begin(start: number, number = this.#lastNumber + 1): number {
    if (this.#episode !== undefined) this.finish().catch((error: Error) => this.#hooks.onProblem(error.message));
    this.#lastNumber = number;
    const { model, frameRate } = this.#options;
    this.#episode = {
      number,
      grid: new FrameGrid(start, frameRate),
      reward: new EpisodeReward(model),
      judgedAt: undefined,
    };
    return number;
  }

  /**
   * Ends the running episode, once the picture that is being judged is done; its judgement is then told as complete.
   * @returns its number
   * @throws InputError when none is running, or it had no picture
   */
  async finish(): Promise<number> {
    const episode = this.#episode;
    this.#episode = undefined;
    if (episode === undefined) throw new InputError('no episode is running');
    await this.#work;
    if (episode.judgedAt === undefined) throw new InputError(`episode ${episode.number} had no picture`);
    this.episodes += 1;
    this.#tell(episode, true);
    return episode.number;
  }

  /** Forgets the running episode. @returns its number; undefined when none runs */
  leave(): number | undefined {
    const number = this.#episode?.number;
    this.#episode = undefined;
    return number;
  }

  /**
   * Takes a picture when it is due and none is being judged.
   * @param read gives the picture, one frame; called only for one that is taken
   * @throws what `read` throws; the picture counts as not taken then
   */
  offer(stamp: number, read: () => FrameStack): void {
    const episode = this.#episode;
    if (episode === undefined || this.#work !== undefined || !episode.grid.isDue(stamp)) return;
    const frame = read();
    episode.grid.take(stamp);
    this.#work = this.#judge(episode, frame, stamp)
      .catch((error: Error) => this.#hooks.onProblem(`a picture cannot be judged: ${error.message}`))
      .finally(() => {
        this.#work = undefined;
      });
  }

  /** Waits for the picture that is being judged. */
  async settle(): Promise<void> {
    await this.#work;
  }

  report(now: number): LiveRewardReport {
    const episode = this.#episode;
    return {
      running: episode !== undefined,
      framesBehind: episode?.grid.behind(now) ?? 0,
      dropped: episode?.grid.dropped ?? 0,
      encoding: this.#encoding.percentiles(),
      judging: this.#judging.percentiles(),
      age: episode?.judgedAt === undefined ? undefined : now - episode.judgedAt,
    };
  }

  async #judge(episode: RunningEpisode, frame: FrameStack, stamp: number): Promise<void> {
    const { encoder, episodeFrames } = this.#options;
    const start = performance.now();
    const features = await encoder.encode(frame);
    const encoded = performance.now();
    const { frames } = episode.reward.add(features);
    this.#encoding.add((encoded - start) / 1000);
    this.#judging.add((performance.now() - encoded) / 1000);
    episode.judgedAt = stamp;
    this.#tell(episode, false);
    // Not awaited: finishing waits for this very work.
    if (frames === episodeFrames && this.#episode === episode) void this.finish();
  }

  #tell({ number, grid, reward, judgedAt }: RunningEpisode, complete: boolean): void {
    this.#hooks.onJudgement({ ...reward.judgement!, episode: number, complete, dropped: grid.dropped }, judgedAt!);
  }
}
