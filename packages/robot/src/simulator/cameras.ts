import type { ImageSize } from '@rapport/core';
import { type ArmCell, intrinsicMatrix } from '@rapport/sim';
import type { CameraInfo, Image, Outgoing } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import { qosProfiles } from '../graph/qos.js';
import type { RosTime } from '../graph/time.js';
import type { Publisher } from '../graph/topics.js';
import { opticalFrame } from './frames.js';
import { PictureMaker, type PictureTask } from './pictures.js';

interface CameraTopics {
  readonly image: Publisher<Image>;
  readonly info: Publisher<CameraInfo>;
}

/**
 * The cameras of a scene as realsense2_camera publishes one: `camera/NAME/color/image_raw` and `camera_info`, reliable as
 * its default is. A camera is drawn only while somebody subscribes to its image.
 */
export class CameraPublisher {
  /** Frames that were left out since the start because the one before was still being drawn. */
  skipped = 0;
  /** Why nothing is drawn any more. */
  failure: string | undefined;
  readonly #cell: ArmCell;
  readonly #size: ImageSize;
  readonly #topics: ReadonlyMap<string, CameraTopics>;
  readonly #maker: PictureMaker;

  constructor(node: RosNode, cell: ArmCell, task: PictureTask) {
    this.#cell = cell;
    this.#size = task.size;
    this.#topics = new Map(
      cell.cameras.map((camera) => [
        camera,
        {
          image: node.publisher<Image>(
            'sensor_msgs/msg/Image',
            `camera/${camera}/color/image_raw`,
            qosProfiles.systemDefault,
          ),
          info: node.publisher<CameraInfo>(
            'sensor_msgs/msg/CameraInfo',
            `camera/${camera}/color/camera_info`,
            qosProfiles.default,
          ),
        },
      ]),
    );
    this.#maker = new PictureMaker(task, (error) => {
      this.failure = error.message;
      node.error(`the cameras draw nothing any more: ${error.message}`);
    });
  }

  /** The present moment, as the cameras see it; the images follow when they have been drawn, with this stamp. */
  publish(stamp: RosTime): void {
    const wanted: string[] = [];
    for (const [camera, { image, info }] of this.#topics) {
      if (image.subscriptionCount > 0) wanted.push(camera);
      if (info.subscriptionCount > 0) info.publish(this.#info(camera, stamp));
    }
    if (wanted.length === 0 || this.failure !== undefined) return;
    if (this.#maker.busy) {
      this.skipped += 1;
      return;
    }
    const { width, height } = this.#size;
    this.#maker.draw(this.#cell, wanted, (pictures) => {
      for (const [camera, data] of pictures) {
        const header = { stamp, frame_id: opticalFrame(camera) };
        this.#topics.get(camera)!.image.publish({ header, width, height, encoding: 'rgb8', step: 3 * width, data });
      }
    });
  }

  close(): void {
    this.#maker.close();
  }

  #info(camera: string, stamp: RosTime): Outgoing<CameraInfo> {
    const { width, height } = this.#size;
    const intrinsics = this.#cell.cameraIntrinsics(camera, this.#size);
    const { fx, fy, cx, cy } = intrinsics;
    return {
      header: { stamp, frame_id: opticalFrame(camera) },
      width,
      height,
      distortion_model: 'plumb_bob',
      d: [0, 0, 0, 0, 0],
      k: intrinsicMatrix(intrinsics),
      r: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      p: [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0],
    };
  }
}
