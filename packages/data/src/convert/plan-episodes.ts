import { InputError } from '@rapport/core';
import type { BagSeries } from './collect.js';
import type { BagMapping, VectorSource } from './mapping.js';
import { pickMessage, quaternionsAmong, type Sampling, sampleSeries } from './resample.js';
import type { VectorSeries } from './time-series.js';

/** An episode on the grid of the dataset, all but its pictures. */
export interface PlannedEpisode {
  /** Seconds from the bag's beginning. */
  readonly start: number;
  readonly length: number;
  readonly task: string;
  /** Shape [length + 1, observation entries]. */
  readonly observations: Float32Array;
  /** Shape [length, action entries]. */
  readonly actions: Float32Array;
  /** Of each camera the number of the picture of each step, among the messages of its topic. */
  readonly pictures: readonly Int32Array[];
}

interface Segment {
  readonly start: number;
  readonly end: number;
  readonly task: string;
}

/** What a mapping makes of a bag, and what it had to leave out, each in one line. */
export interface EpisodePlan {
  readonly episodes: readonly PlannedEpisode[];
  readonly skipped: readonly string[];
}

const ROUNDING = 1e-7;

/**
 * Cuts a bag into episodes and samples each on a grid of 1 / fps seconds. An episode begins at the first time at which
 * every topic has spoken, and ends with the last at which every observation can still be sampled.
 * @throws InputError when a topic is silent within an episode for longer than its greatest age, naming topic and time
 */
export function planEpisodes(series: BagSeries, mapping: BagMapping): EpisodePlan {
  const skipped: string[] = [];
  const episodes: PlannedEpisode[] = [];
  for (const segment of segmentsOf(series, mapping, skipped)) {
    const planned = planEpisode(segment, series, mapping);
    if (planned === undefined) {
      skipped.push(`the episode from second ${segment.start.toFixed(3)} is shorter than a step`);
    } else episodes.push(planned);
  }
  return { episodes, skipped };
}

function segmentsOf(series: BagSeries, mapping: BagMapping, skipped: string[]): Segment[] {
  const { task, episodes } = mapping;
  const watched = [...series.observation, ...series.cameras];
  const start = Math.max(...watched.map(({ times }) => times[0]!), ...series.action.map(({ times }) => times[0]!));
  const end = lastSampled(series, mapping);
  if (episodes.by === 'bag') return [{ start, end, task }];
  if (episodes.by === 'gap') {
    return betweenGaps(watched, episodes.seconds, start, end).map((segment) => ({ ...segment, task }));
  }
  const segments: Segment[] = [];
  let open: { readonly start: number; readonly task: string } | undefined;
  for (const { time, begins } of series.markers) {
    if (open !== undefined) segments.push({ ...open, start: Math.max(open.start, start), end: Math.min(time, end) });
    open = begins === undefined ? undefined : { start: time, task: begins || task };
  }
  if (open !== undefined) skipped.push(`the episode from second ${open.start.toFixed(3)} has no end`);
  return segments;
}

/** The last time at which every observation can be sampled, and not after the last message of all. */
function lastSampled({ observation, cameras }: BagSeries, mapping: BagMapping): number {
  const last = (series: VectorSeries) => series.times.at(-1)!;
  const ends = [
    ...observation.map((series, place) => {
      const { rule, maxAge } = mapping.observation[place]!;
      return last(series) + (rule === 'linear' ? 0 : maxAge);
    }),
    // Pictures belong to the steps that have an action; the observation after the last one has none.
    ...cameras.map((series, place) => last(series) + mapping.cameras[place]!.maxAge + 1 / mapping.fps),
  ];
  return Math.min(...ends, Math.max(...observation.map(last), ...cameras.map(last)));
}

/** The parts of [start, end] in which no series is silent for longer than `seconds`. */
function betweenGaps(
  watched: readonly VectorSeries[],
  seconds: number,
  start: number,
  end: number,
): Omit<Segment, 'task'>[] {
  const gaps: { readonly from: number; readonly to: number }[] = [];
  for (const { times } of watched) {
    for (let index = 1; index < times.length; index++) {
      const [from, to] = [times[index - 1]!, times[index]!];
      if (to - from > seconds && to > start && from < end) gaps.push({ from, to });
    }
  }
  gaps.sort((a, b) => a.from - b.from);
  const segments: Omit<Segment, 'task'>[] = [];
  let begin = start;
  for (const { from, to } of gaps) {
    if (from > begin) segments.push({ start: begin, end: from });
    begin = Math.max(begin, to);
  }
  if (begin < end) segments.push({ start: begin, end });
  return segments;
}

function planEpisode(segment: Segment, series: BagSeries, mapping: BagMapping): PlannedEpisode | undefined {
  const { start, end, task } = segment;
  const ahead = Math.max(1, ...mapping.action.map((source) => source.ahead));
  const points = Math.floor((end - start + ROUNDING) * mapping.fps) + 1;
  const length = points - ahead;
  if (!(length >= 1)) return undefined;
  const at = (step: number) => start + step / mapping.fps;
  const observations = sampleAll(series.observation, mapping.observation, length + 1, at, mapping.fps);
  const actions = sampleAll(series.action, mapping.action, length, at, mapping.fps);
  const pictures = mapping.cameras.map((camera, place) => {
    const taken = series.cameras[place]!;
    return Int32Array.from({ length }, (_, step) => {
      const index = pickMessage(taken.times, at(step), camera);
      if (index === undefined) throw silent(camera.topic, at(step), camera.maxAge);
      return taken.at(index)[0]!;
    });
  });
  return { start, length, task, observations, actions, pictures };
}

function sampleAll(
  series: readonly VectorSeries[],
  sources: readonly VectorSource[],
  rows: number,
  at: (step: number) => number,
  fps: number,
): Float32Array {
  const width = series.reduce((sum, one) => sum + one.width, 0);
  const values = new Float32Array(rows * width);
  let column = 0;
  for (const [place, source] of sources.entries()) {
    const one = series[place]!;
    const sampling: Sampling = { ...source, quaternions: quaternionsAmong(source.fields) };
    const sample = new Float64Array(one.width);
    for (let row = 0; row < rows; row++) {
      const time = at(row) + source.ahead / fps;
      if (!sampleSeries(one, time, sampling, sample)) throw silent(source.topic, time, source.maxAge);
      values.set(sample, row * width + column);
    }
    column += one.width;
  }
  return values;
}

function silent(topic: string, time: number, maxAge: number): InputError {
  return new InputError(`topic ${topic} has no message within ${maxAge} s of second ${time.toFixed(3)} of the bag`, {
    fix: 'end episodes at gaps (episodes: gap), or allow a greater maxAge for the topic in the mapping',
  });
}
