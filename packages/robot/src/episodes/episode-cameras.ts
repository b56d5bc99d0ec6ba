import { type CameraView, UnavailableError } from '@rapport/core';
import { imagePicture } from '@rapport/data';
import { messageCodec } from '../graph/codec.js';
import type { Image } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import { qosProfiles } from '../graph/qos.js';
import { secondsOf } from '../graph/time.js';
import type { Subscription } from '../graph/topics.js';
import { inputTopics } from '../runner/inputs.js';
import { TimeSeries } from '../runner/time-series.js';

/** Pictures for a recording. */
export interface EpisodePictures {
  readonly views: readonly CameraView[];
  /**
   * The pictures nearest to a time, seconds, one of each view, RGB, shape [height, width, 3].
   * @throws UnavailableError when the newest picture of a camera is too old; InputError when one cannot be read
   */
  at(time: number): Uint8Array[];
}

/** Images of each camera that are kept, for those that come a little before their time is asked for. */
const KEPT = 8;

/**
 * Keeps the newest images of cameras, to be cut to the sizes of a recording. They lie as they were sent in memory that is used
 * again: with new memory for every image, it is collected several times a second, and commands wait meanwhile.
 */
export class EpisodeCameras implements EpisodePictures {
  readonly views: readonly CameraView[];
  readonly #codec = messageCodec<Image>('sensor_msgs/msg/Image');
  readonly #series: readonly TimeSeries<Buffer>[];
  readonly #subscriptions: readonly Subscription[];

  /** @param maxAge of a picture at the time that it is to show, seconds */
  constructor(node: RosNode, views: readonly CameraView[], maxAge: number) {
    this.views = views;
    const codec = this.#codec;
    const cameras = views.map(({ camera }) => {
      const topic = inputTopics.camera(camera);
      let free: Buffer | undefined;
      const series = new TimeSeries<Buffer>(node.graph.resolve(topic), maxAge, KEPT);
      const subscription = node.subscribeRaw(codec.type, topic, qosProfiles.newest, (bytes) => {
        const image = free?.length === bytes.length ? free : Buffer.allocUnsafeSlow(bytes.length);
        bytes.copy(image);
        free = series.offer(secondsOf(codec.decode(image).header.stamp), image);
      });
      return { series, subscription };
    });
    this.#series = cameras.map(({ series }) => series);
    this.#subscriptions = cameras.map(({ subscription }) => subscription);
  }

  /** Topics that have told nothing about any time after this one, seconds. */
  silentSince(time: number): string[] {
    return this.#series.filter(({ newest }) => newest === undefined || newest.stamp <= time).map(({ name }) => name);
  }

  at(time: number): Uint8Array[] {
    return this.#series.map((series, index) => {
      const nearest = series.nearest(time);
      if (nearest === undefined || time - nearest.stamp > series.maxAge) {
        const age =
          nearest === undefined
            ? 'no picture has come'
            : `its last picture is ${(time - nearest.stamp).toFixed(2)} s old`;
        throw new UnavailableError(`${series.name}: ${age}`);
      }
      return imagePicture(this.#codec.decode(nearest.value), this.views[index]!);
    });
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.close();
  }
}
