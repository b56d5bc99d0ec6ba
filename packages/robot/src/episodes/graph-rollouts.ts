import {
  type CameraView,
  type EnvSpec,
  type RecordedEpisode,
  type RolloutSource,
  type StopSignal,
  throwIfAborted,
  UnavailableError,
  type WantedRollout,
} from '@rapport/core';
import { variationSeed } from '@rapport/policy';
import { openNode, type RosNode } from '../graph/node.js';
import { waitUntil } from '../graph/wait.js';
import { openRunner, type Runner } from '../runner/index.js';
import { describeEvent, readLimits } from '../safety/index.js';
import { EpisodeCameras } from './episode-cameras.js';
import { EpisodeLog, type EpisodeRecord } from './episode-log.js';
import { EvaluationTrack, unjudgedSteps } from './evaluation-track.js';
import { findSceneReset, type SceneReset } from './scene-reset.js';

/** Where and how policies are rolled out on a graph. */
export interface GraphRolloutsOptions {
  /** The environment that the policies were trained in: what they observe and do, and how long an episode is. */
  readonly spec: EnvSpec;
  /** A limits file, or the name of one that ships. */
  readonly limits: string;
  /** Asks somebody to bring the scene to a start; undefined when nobody is there. */
  readonly operator: SceneReset | undefined;
  /** `--ros-args` and what follows it. */
  readonly rosArguments?: readonly string[];
  /** Seconds to wait for what the graph has to offer. */
  readonly patience: number;
  readonly signal?: StopSignal;
}

/** With somebody at the terminal a cell need not have a service that resets it; then it is not waited for so long, seconds. */
const PATIENCE_WITH_OPERATOR = 3;
/** The graph is discovered bit by bit: who tells about episodes may be known this much later than who resets the scene, ms. */
const DISCOVERY_MS = 2000;
/** How long after a reset a message must be stamped to be about the new scene, seconds: what time a node knows is old. */
const CLOCK_DELAY = 0.1;
/** Pictures are for people and rewards: they may be older than what a policy acts on, seconds. */
const OLDEST_PICTURE = 1;
/** How often a rollout is begun until its first step ends. */
const ATTEMPTS = 3;
/** Wall time without a control step after which the clock, or this process, stands still, seconds. */
const LONGEST_SILENCE = 10;

/**
 * Rolls policies out on an arm of a ROS 2 graph, through the runner and its safety envelope: brings the scene to a start, lets
 * the policy act for an episode, brings the arm to rest, and gives the episode as the environments would. Between episodes
 * the arm is held where it rests.
 */
export class GraphRollouts implements RolloutSource {
  readonly spec: EnvSpec;
  readonly node: RosNode;
  readonly #options: GraphRolloutsOptions;
  readonly #reset: SceneReset;
  readonly #evaluation: EvaluationTrack | undefined;
  /** Of the rollout that runs. */
  #log: EpisodeLog | undefined;

  /**
   * Joins the graph as the node `rollouts`.
   * @throws InputError when the limits file does not fit; UnavailableError when ROS 2 has not been set up, or nothing and
   *   nobody can bring the scene to a start
   */
  static async open(options: GraphRolloutsOptions): Promise<GraphRollouts> {
    // Read again by every runner; a wrong one is refused before anything else is done.
    await readLimits(options.limits);
    const { rosArguments, operator, patience, signal } = options;
    const node = await openNode({ name: 'rollouts', ...(rosArguments !== undefined && { arguments: rosArguments }) });
    try {
      const waiting = operator === undefined ? patience : Math.min(patience, PATIENCE_WITH_OPERATOR);
      const reset = await findSceneReset(node, operator, waiting, signal);
      await waitUntil(() => EvaluationTrack.available(node), DISCOVERY_MS, signal);
      return new GraphRollouts(node, options, reset);
    } catch (error) {
      node.close();
      throw error;
    }
  }

  private constructor(node: RosNode, options: GraphRolloutsOptions, reset: SceneReset) {
    this.spec = options.spec;
    this.node = node;
    this.#options = options;
    this.#reset = reset;
    this.#evaluation = EvaluationTrack.available(node) ? new EvaluationTrack(node) : undefined;
  }

  /** Whether somebody tells how episodes go; otherwise scores are zero and no episode counts as a success. */
  get judged(): boolean {
    return this.#evaluation !== undefined;
  }

  /**
   * Runs the policy of a folder once for each rollout that is wanted.
   * @throws InputError or UnavailableError when the policy does not fit the graph, or the arm cannot be started
   */
  async *rollOut(
    policy: string,
    wanted: readonly WantedRollout[],
    cameras: readonly CameraView[],
    { signal }: { readonly signal?: StopSignal },
  ): AsyncGenerator<RecordedEpisode> {
    const { limits, rosArguments, patience, spec } = this.#options;
    const pictures = new EpisodeCameras(this.node, cameras, OLDEST_PICTURE);
    let runner: Runner | undefined;
    try {
      runner = await openRunner({
        policy: { kind: 'folder', directory: policy },
        envId: spec.id,
        limits,
        autostart: false,
        ...(rosArguments !== undefined && { rosArguments }),
        steps: {
          observed: (step, observed) => this.#log?.observed(step, observed),
          acted: (step, action) => this.#log?.acted(step, action),
          stopped: (stop) => this.#log?.stopped(stop),
        },
      });
      await runner.prepare(patience, signal);
      for (const one of wanted) {
        throwIfAborted(signal);
        yield await this.#episode(runner, pictures, one, signal);
      }
    } finally {
      this.#log = undefined;
      await runner?.close();
      pictures.close();
    }
  }

  close(): void {
    this.node.close();
  }

  /** A rollout that something stops before its first step has ended holds nothing, and is begun anew. */
  async #episode(
    runner: Runner,
    pictures: EpisodeCameras,
    wanted: WantedRollout,
    signal: StopSignal | undefined,
  ): Promise<RecordedEpisode> {
    for (let left = ATTEMPTS - 1; ; left--) {
      const since = await this.#bringToStart(runner, pictures, wanted, signal);
      this.#evaluation?.begin(since);
      const log = new EpisodeLog({ spec: this.spec, control: runner.task.control, pictures });
      this.#log = log;
      runner.begin(variationSeed(wanted.seed, wanted.variation));
      await this.#act(runner, log, signal);
      await runner.rest();
      const record = log.record();
      if (record.episode.length > 0) return this.#judged(record, runner.policyName, wanted);
      const line = `the rollout from start ${wanted.seed} was stopped before its first step had ended: ${record.stopped}`;
      if (left === 0) throw new UnavailableError(line);
      this.node.warn(`${line}; it is begun anew`);
    }
  }

  /** @returns the time after which all sources tell of the new scene, seconds */
  async #bringToStart(
    runner: Runner,
    pictures: EpisodeCameras,
    wanted: WantedRollout,
    signal: StopSignal | undefined,
  ): Promise<number> {
    await this.#reset(wanted, signal);
    const since = Number(this.node.now()) / 1e9 + CLOCK_DELAY;
    const silent = () => [...runner.silentSince(since), ...pictures.silentSince(since)];
    if (!(await waitUntil(() => silent().length === 0, 1000 * this.#options.patience, signal))) {
      throw new UnavailableError(`no message has come on ${silent()[0]} since the scene was reset`);
    }
    return since;
  }

  /** Comes when the episode has ended. */
  async #act(runner: Runner, log: EpisodeLog, signal: StopSignal | undefined): Promise<void> {
    const { patience } = this.#options;
    let failure: Error | undefined;
    void runner.failed.then((error) => {
      failure = error;
    });
    const startsUntil = performance.now() + 1000 * patience;
    const settled = () => {
      if (log.ended || failure !== undefined) return true;
      if (log.begun) return log.silence > LONGEST_SILENCE;
      // An operator who has not signed yet is waited for.
      return performance.now() > startsUntil && runner.report.stop?.cause !== 'dead_man';
    };
    await waitUntil(settled, Number.POSITIVE_INFINITY, signal);
    if (failure !== undefined) throw failure;
    if (log.ended) return;
    if (log.begun) {
      throw new UnavailableError(`no control step has begun for ${LONGEST_SILENCE} s: time stands still on the graph`, {
        fix: 'look whether the simulator, or whatever publishes /clock, still runs',
      });
    }
    const { stop } = runner.report;
    const reason = stop === undefined ? 'no plan has come' : describeEvent(stop);
    throw new UnavailableError(`the policy has not begun to act within ${patience} s: ${reason}`);
  }

  async #judged(
    { episode, times, stopped }: EpisodeRecord,
    policy: string,
    { seed }: WantedRollout,
  ): Promise<RecordedEpisode> {
    const judged = await (this.#evaluation?.judge(times, this.spec.controlHz) ?? unjudgedSteps(episode.length));
    const reason = [judged.fault, stopped].filter((one) => one !== undefined).join('; ');
    return {
      episode: {
        ...episode,
        envId: this.spec.id,
        seed,
        policy,
        rewards: judged.rewards,
        terminated: stopped !== undefined,
        truncated: stopped === undefined,
        ...(stopped !== undefined && { stopped: reason }),
      },
      privileged: judged.privileged,
    };
  }
}
