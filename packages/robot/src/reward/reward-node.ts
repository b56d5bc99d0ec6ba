import { InputError, type StopSignal } from '@rapport/core';
import type { Encoder, RewardModel } from '@rapport/reward';
import { messageCodec } from '../graph/codec.js';
import { handlersOf, type LifecycleRosNode, openLifecycleNode } from '../graph/lifecycle-node.js';
import type { DiagnosticArray, Image, NamedValues, SuccessOrMessage } from '../graph/messages.js';
import { qosProfiles } from '../graph/qos.js';
import { rosTimeFromSeconds, secondsOf, toRosTime } from '../graph/time.js';
import type { Publisher } from '../graph/topics.js';
import { waitUntil } from '../graph/wait.js';
import { checkClock, checkPublishers } from '../runner/graph-check.js';
import { livePicture } from './live-picture.js';
import { LiveReward } from './live-reward.js';
import { rewardParameters } from './parameters.js';
import {
  type EpisodeJudgement,
  type Float64MultiArray,
  frameRewards,
  rewardStatus,
  rewardValues,
  transportPlan,
} from './reward-messages.js';

/** What is judged, and by what. */
export interface RewardNodeOptions {
  readonly model: RewardModel;
  /** The one that the model was trained with; it stays the caller's to close. */
  readonly encoder: Encoder;
  /** Name of the camera: its topic is `camera/NAME/color/image_raw`. */
  readonly camera: string;
  /** Width and height of the pictures that the reward was learned from. */
  readonly picture: number;
  /** `--ros-args` and what follows it. */
  readonly rosArguments?: readonly string[];
  /** Whether it goes to the state `active` by itself, when the graph has the camera. */
  readonly autostart?: boolean;
  /** Seconds to wait for the camera when it starts by itself. */
  readonly patience?: number;
  readonly signal?: StopSignal;
}

const EPISODES = 'simulator/episode';
const REPORT_MS = 1000;
const DISCOVERY_MS = 500;

/**
 * Opens the lifecycle node `reward`: what a learned reward says of the running episode, picture by picture.
 * @throws InputError when the encoder is another one than the reward's; UnavailableError when ROS 2 has not been set up, or
 *   nobody publishes the camera
 */
export async function openRewardNode(options: RewardNodeOptions): Promise<RewardNode> {
  const { model, encoder } = options;
  if (encoder.hash !== model.encoder.hash) {
    throw new InputError(
      `the reward was trained with encoder ${model.encoder.kind}; got another one, ${encoder.kind}`,
      {
        fix: 'use the encoder named in the reward, or train the reward again',
      },
    );
  }
  let reward: RewardNode | undefined;
  const node = await openLifecycleNode(
    { name: 'reward', ...(options.rosArguments !== undefined && { arguments: options.rosArguments }) },
    () => handlersOf(() => reward),
  );
  try {
    reward = new RewardNode(node, options);
    if (options.autostart !== false) await reward.start(options.patience ?? 10, options.signal);
    return reward;
  } catch (error) {
    if (reward === undefined) node.close();
    await reward?.close();
    throw error;
  }
}

/**
 * The learned reward as a lifecycle node, see `LiveReward`. It listens to no score and no state: only to pictures and to when
 * episodes start.
 */
export class RewardNode {
  readonly node: LifecycleRosNode;
  readonly #options: RewardNodeOptions;
  readonly #live: LiveReward;
  readonly #reward: Publisher<NamedValues>;
  readonly #frameRewards: Publisher<Float64MultiArray>;
  readonly #plan: Publisher<Float64MultiArray>;
  readonly #diagnostics: Publisher<DiagnosticArray>;
  readonly #problems = new Map<string, string>();
  readonly #report: NodeJS.Timeout;
  #active = false;

  constructor(node: LifecycleRosNode, options: RewardNodeOptions) {
    this.node = node;
    this.#options = options;
    const { frame_rate, episode_frames } = node.parameters(rewardParameters).values;
    this.#live = new LiveReward(
      { model: options.model, encoder: options.encoder, frameRate: frame_rate, episodeFrames: episode_frames },
      {
        onJudgement: (judged, stamp) => this.#publish(judged, stamp),
        onProblem: (text) => node.error(text),
      },
    );
    const { default: reliable } = qosProfiles;
    this.#reward = node.publisher('rapport_msgs/msg/NamedValues', '~/reward', reliable);
    this.#frameRewards = node.publisher('std_msgs/msg/Float64MultiArray', '~/frame_rewards', reliable);
    this.#plan = node.publisher('std_msgs/msg/Float64MultiArray', '~/plan', reliable);
    this.#diagnostics = node.publisher('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', reliable);
    this.#listen();
    this.#report = setInterval(() => this.#tell(), REPORT_MS);
  }

  /** Episodes that have been judged to their end. */
  get episodes(): number {
    return this.#live.episodes;
  }

  /**
   * Waits for the camera, then goes to the state `active`.
   * @param patience seconds
   * @throws InputError or UnavailableError saying what keeps it from that
   */
  async start(patience: number, signal?: StopSignal): Promise<void> {
    let problem: unknown;
    const settled = () => {
      try {
        this.checkGraph();
        return true;
      } catch (error) {
        problem = error;
        return false;
      }
    };
    if (!(await waitUntil(settled, 1000 * patience, signal))) throw problem;
    // Who else is there, such as who tells the time, may be discovered a moment after the camera.
    await waitUntil(() => false, DISCOVERY_MS, signal);
    this.checkGraph();
    for (const transition of ['configure', 'activate'] as const) this.node.transition(transition);
  }

  /** @throws InputError or UnavailableError when the graph does not offer the camera, or its time is not the node's */
  checkGraph(): void {
    checkClock(this.node);
    checkPublishers(this.node.graph, [
      {
        topic: this.#cameraTopic,
        type: 'sensor_msgs/msg/Image',
        reason: 'the reward judges its pictures',
        qos: qosProfiles.newest,
      },
    ]);
  }

  activate(): void {
    this.#active = true;
  }

  /** Leaves the running episode; no judgement of it is called complete. */
  deactivate(): void {
    this.#active = false;
    this.#leaveEpisode('the node is no longer active');
  }

  /** Leaves the graph when the picture that is being judged is done. */
  async close(): Promise<void> {
    this.deactivate();
    await this.#live.settle();
    clearInterval(this.#report);
    this.node.close();
  }

  get #cameraTopic(): string {
    return `camera/${this.#options.camera}/color/image_raw`;
  }

  #listen(): void {
    const { node } = this;
    const codec = messageCodec<Image>('sensor_msgs/msg/Image');
    const camera = node.subscribeRaw('sensor_msgs/msg/Image', this.#cameraTopic, qosProfiles.newest, (bytes) => {
      if (!this.#live.idle) return;
      this.#noting(camera.topic, () => this.#take(codec.decode(bytes)));
    });
    const announced = node.subscribe<NamedValues>(
      'rapport_msgs/msg/NamedValues',
      EPISODES,
      qosProfiles.default,
      (message) => {
        if (this.#active) this.#noting(announced.topic, () => this.#takeAnnouncement(message));
      },
    );
    const trigger = (name: string, work: () => string | Promise<string>) =>
      node.serve<object, SuccessOrMessage>('std_srvs/srv/Trigger', `~/${name}`, async () => {
        try {
          if (!this.#active) throw new InputError('the node is not active');
          return { success: true, message: await work() };
        } catch (error) {
          return { success: false, message: (error as Error).message };
        }
      });
    trigger('start', () => `episode ${this.#live.begin(this.#now())} is judged from now on`);
    trigger('finish', async () => `episode ${await this.#live.finish()} is complete`);
    node.watchClock(({ delta }) => {
      if (delta < 0n) this.#leaveEpisode('the clock went back');
    });
  }

  #takeAnnouncement({ header, names, values }: NamedValues): void {
    const place = names.indexOf('episode');
    if (place < 0) throw new InputError(`it holds no "episode"; it holds ${names.join(', ') || 'nothing'}`);
    this.#live.begin(secondsOf(header.stamp), values[place]!);
  }

  #leaveEpisode(reason: string): void {
    const number = this.#live.leave();
    if (number !== undefined) this.node.warn(`episode ${number} is left unfinished: ${reason}`);
  }

  #take(image: Image): void {
    const { camera, picture } = this.#options;
    this.#live.offer(secondsOf(image.header.stamp), () =>
      livePicture(image, camera, { width: picture, height: picture }),
    );
  }

  #publish(judged: EpisodeJudgement, stamp: number): void {
    this.#reward.publish({ header: { stamp: rosTimeFromSeconds(stamp) }, ...rewardValues(judged) });
    this.#frameRewards.publish(frameRewards(judged));
    const plan = transportPlan(judged);
    if (plan !== undefined) this.#plan.publish(plan);
  }

  /** Does something with a message; what is wrong with it is told once, and until a good one comes. */
  #noting(topic: string, work: () => void): void {
    try {
      work();
      this.#problems.delete(topic);
    } catch (error) {
      const { message, fix } = error as InputError;
      const problem = fix === undefined ? message : `${message}; ${fix}`;
      if (this.#problems.get(topic) !== problem) this.node.error(`${topic}: ${problem}`);
      this.#problems.set(topic, problem);
    }
  }

  #now(): number {
    return Number(this.node.now()) / 1e9;
  }

  #tell(): void {
    const status = rewardStatus(this.node.name, { problems: this.#problems, ...this.#live.report(this.#now()) });
    this.#diagnostics.publish({ header: { stamp: toRosTime(this.node.now()) }, status: [status] });
  }
}
