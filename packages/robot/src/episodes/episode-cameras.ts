import { type CameraView, UnavailableError } from '@rapport/core';
import { imagePicture } from '@rapport/data';
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

/** Keeps the newest images of cameras, to be cut to the sizes of a recording. */
export class EpisodeCameras implements EpisodePictures {
  readonly views: readonly CameraView[];
  readonly #series: readonly TimeSeries<Image>[];
  readonly #subscriptions: readonly Subscription[];

  /** @param maxAge of a picture at the time that it is to show, seconds */
  constructor(node: RosNode, views: readonly CameraView[], maxAge: number) {
    this.views = views;
    this.#series = views.map(
      ({ camera }) => new TimeSeries<Image>(node.graph.resolve(inputTopics.camera(camera)), maxAge, KEPT),
    );
    this.#subscriptions = views.map(({ camera }, index) =>
      node.subscribe<Image>('sensor_msgs/msg/Image', inputTopics.camera(camera), qosProfiles.newest, (image) => {
        this.#series[index]!.offer(secondsOf(image.header.stamp), image);
      }),
    );
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
      return imagePicture(nearest.value, this.views[index]!);
    });
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.close();
  }
}
