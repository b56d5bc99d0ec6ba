import { access, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type FrameStack, InputError, type RecordedEpisode, unknownScene, type WorkOptions } from '@rapport/core';
import { publish } from '../durable.js';
import { createDataset, type DatasetWriter } from '../lerobot/index.js';
import { describeDamage } from '../mcap/damage.js';
import type { DecodedMessage } from '../rosbag2/decode.js';
import { type BagLocation, locateBag } from '../rosbag2/open-bag.js';
import { type ReadBagOptions, readBag } from '../rosbag2/read-bag.js';
import { surveyBag } from '../rosbag2/survey.js';
import { type BagSeries, collectSeries, decode } from './collect.js';
import { spaceOf } from './column-names.js';
import { writeConversion } from './conversion-file.js';
import { defaultMapping, type MappingChoices } from './default-mapping.js';
import type { BagMapping } from './mapping.js';
import { messagePicture } from './picture.js';
import { type EpisodePlan, type PlannedEpisode, planEpisodes } from './plan-episodes.js';

export interface BagToDatasetOptions extends WorkOptions {
  /** A mapping, or what the default one is made with. */
  readonly mapping: BagMapping | MappingChoices;
}

/** What a conversion made. */
export interface BagToDataset {
  readonly output: string;
  readonly mapping: BagMapping;
  readonly episodes: number;
  readonly frames: number;
  /** What was left out, each in one line: a bag that ends too early, episodes without an end. */
  readonly skipped: readonly string[];
}

/**
 * Resamples a bag to a LeRobotDataset v3.0. The bag is read in the order of its files, three times at most, and needs no
 * index; one that ends too early is taken as far as it goes. Rewards are zero, scores and success unknown and written as
 * zero and false. The dataset appears whole or not at all.
 * @throws InputError when the output exists, a topic is missing, has other fields, or is silent too long; CorruptDataError
 * when the bag is damaged before its end
 */
export async function bagToDataset(path: string, output: string, options: BagToDatasetOptions): Promise<BagToDataset> {
  await refuseExisting(output);
  const bag = await locateBag(path);
  const skipped: string[] = [];
  const reading: ReadBagOptions = {
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  };
  const mapping = await settleMapping(bag, options.mapping, reading, skipped);
  const series = await collectSeries(bag, mapping, tolerant(reading));
  const plan = planEpisodes(series, mapping);
  skipped.push(...plan.skipped);
  if (plan.episodes.length === 0) {
    throw new InputError(`${path} gives no episode${skipped.length === 0 ? '' : `: ${skipped.join('; ')}`}`, {
      fix: 'check how episodes are told apart: whole bag, marker topic or gaps',
    });
  }
  const draft = `${output}.partial`;
  await rm(draft, { recursive: true, force: true });
  try {
    const writer = await createDataset(draft, {
      id: basename(resolve(output)),
      envId: mapping.envId,
      fps: mapping.fps,
      observationSpace: spaceOf(mapping.observation),
      actionSpace: spaceOf(mapping.action),
      cameras: mapping.cameras.map(({ name: camera, width, height }) => ({ camera, width, height })),
      robotType: mapping.robotType,
    });
    await writeEpisodes(bag, mapping, plan, writer, tolerant(reading));
    await writer.finalize();
    await writeConversion(draft, {
      bag: bag.name,
      mapping,
      types: Object.fromEntries(series.types),
      episodeStarts: plan.episodes.map(({ start }) => startTime(series, start)),
    });
    await publish(draft, output);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  const frames = plan.episodes.reduce((sum, { length }) => sum + length, 0);
  return { output, mapping, episodes: plan.episodes.length, frames, skipped };
}

function startTime({ origin }: BagSeries, start: number): bigint {
  return origin + BigInt(Math.round(start * 1e9));
}

/** The end of the file may be missing; anything else is thrown. Damage was told when the bag was surveyed. */
function tolerant(options: ReadBagOptions): ReadBagOptions {
  return { ...options, onDamage: () => {} };
}

/** Reads the bag once to find damage and, where no mapping is given, what topics there are. */
async function settleMapping(
  bag: BagLocation,
  wanted: BagMapping | MappingChoices,
  options: ReadBagOptions,
  skipped: string[],
): Promise<BagMapping> {
  const first = new Map<string, DecodedMessage>();
  const decoders = new Map();
  const given = 'observation' in wanted;
  const survey = await surveyBag(bag, {
    ...options,
    label: 'looking at the bag',
    onMessage: (message) => {
      if (!given && !first.has(message.topic.name)) first.set(message.topic.name, decodeIfPossible(message, decoders));
    },
  });
  const damage = survey.damages.find(({ kind }) => kind === 'record' || kind === 'framing');
  if (damage !== undefined) {
    throw new InputError(describeDamage(damage), {
      fix: `rapport repair ${bag.path} NEW writes what can be read to a new bag; convert that one`,
    });
  }
  skipped.push(...survey.damages.map(describeDamage));
  return given ? wanted : defaultMapping(survey.topics, first, wanted);
}

/** Topics that cannot be decoded do not matter until a mapping names them. */
function decodeIfPossible(...[message, decoders]: Parameters<typeof decode>): DecodedMessage {
  try {
    return decode(message, decoders);
  } catch {
    return {};
  }
}

async function writeEpisodes(
  bag: BagLocation,
  mapping: BagMapping,
  { episodes }: EpisodePlan,
  writer: DatasetWriter,
  options: ReadBagOptions,
): Promise<void> {
  const drafts = new EpisodeDrafts(mapping, episodes);
  let written = 0;
  const writeFinished = async () => {
    for (let next = drafts.takeFinished(written); next !== undefined; next = drafts.takeFinished(written)) {
      await writer.append(recorded(next, episodes[written]!, mapping), episodes[written]!.task);
      written++;
    }
  };
  await writeFinished(); // without cameras all are finished
  if (written === episodes.length) return;
  const decoders = new Map();
  const counts = new Map<string, number>();
  for await (const message of readBag(bag, { ...options, label: 'writing the episodes' })) {
    const topic = message.topic.name;
    const number = counts.get(topic) ?? 0;
    counts.set(topic, number + 1);
    if (!drafts.wants(topic, number)) continue;
    const decoded = decode(message, decoders);
    try {
      drafts.place(topic, number, decoded);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`message ${number} of topic ${topic}: ${error.message}`, {
        fix: 'leave the camera out of the mapping, or record it as rgb8, bgr8, rgba8, bgra8, mono8, jpeg or png',
        cause: error,
      });
    }
    await writeFinished();
  }
}

/** Pictures of the episodes that are being filled; of each only while some are still missing. */
class EpisodeDrafts {
  readonly #mapping: BagMapping;
  readonly #episodes: readonly PlannedEpisode[];
  readonly #frames = new Map<number, FrameStack[]>();
  readonly #missing: number[];
  /** Steps that a picture is for, by topic and number. */
  readonly #places = new Map<string, { readonly episode: number; readonly camera: number; readonly step: number }[]>();

  constructor(mapping: BagMapping, episodes: readonly PlannedEpisode[]) {
    this.#mapping = mapping;
    this.#episodes = episodes;
    this.#missing = episodes.map(({ length, pictures }) => length * pictures.length);
    for (const [episode, { pictures }] of episodes.entries()) {
      for (const [camera, numbers] of pictures.entries()) {
        for (const [step, number] of numbers.entries()) {
          const key = pictureKey(mapping.cameras[camera]!.topic, number);
          const places = this.#places.get(key);
          if (places === undefined) this.#places.set(key, [{ episode, camera, step }]);
          else places.push({ episode, camera, step });
        }
      }
    }
  }

  wants(topic: string, number: number): boolean {
    return this.#places.has(pictureKey(topic, number));
  }

  place(topic: string, number: number, message: DecodedMessage): void {
    for (const { episode, camera, step } of this.#places.get(pictureKey(topic, number))!) {
      const stack = this.#framesOf(episode)[camera]!;
      stack.data.set(messagePicture(message, stack), step * stack.width * stack.height * 3);
      this.#missing[episode]!--;
    }
  }

  /** The pictures of an episode when none is missing; they are let go of. */
  takeFinished(episode: number): FrameStack[] | undefined {
    if (this.#missing[episode] !== 0) return undefined;
    const frames = this.#framesOf(episode);
    this.#frames.delete(episode);
    return frames;
  }

  #framesOf(episode: number): FrameStack[] {
    let frames = this.#frames.get(episode);
    if (frames === undefined) {
      const { length } = this.#episodes[episode]!;
      frames = this.#mapping.cameras.map(({ name: camera, width, height }) => ({
        camera,
        width,
        height,
        data: new Uint8Array(length * width * height * 3),
      }));
      this.#frames.set(episode, frames);
    }
    return frames;
  }
}

function pictureKey(topic: string, number: number): string {
  return `${topic} ${number}`;
}

function recorded(frames: FrameStack[], planned: PlannedEpisode, mapping: BagMapping): RecordedEpisode {
  const { length, observations, actions } = planned;
  return {
    episode: {
      envId: mapping.envId,
      seed: -1,
      policy: 'recorded',
      length,
      observations,
      actions,
      rewards: new Float32Array(length),
      terminated: false,
      truncated: true,
      frames,
    },
    privileged: {
      stepScores: new Float32Array(length),
      success: false,
      scene: unknownScene,
      poses: new Float32Array(0),
    },
  };
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new InputError(`${path} exists; a conversion writes a new folder`, { fix: 'name a new folder' });
}
