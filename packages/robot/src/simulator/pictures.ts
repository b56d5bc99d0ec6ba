import { Worker } from 'node:worker_threads';
import { compiledSibling, type ImageSize } from '@rapport/core';
import type { ArmCell } from '@rapport/sim';
import type { RobotType } from './names.js';

/** What the thread that draws is made for. */
export interface PictureTask {
  readonly envId: string;
  readonly robotType: RobotType;
  readonly size: ImageSize;
}

export interface PictureRequest {
  readonly state: Float64Array;
  readonly cameras: readonly string[];
}

/** RGB bytes, shape [height, width, 3], by camera. */
export type Pictures = ReadonlyMap<string, Uint8Array>;

/** Draws what cameras see in a thread of its own, so that the physics keeps its pace. One request at a time. */
export class PictureMaker {
  readonly #worker: Worker;
  #waiting: ((pictures: Pictures) => void) | undefined;

  /** @param onError told when the thread fails; nothing is drawn from then on */
  constructor(task: PictureTask, onError: (error: Error) => void) {
    // Without the parent's flags: those of a test runner would send the worker to the TypeScript sources.
    this.#worker = new Worker(new URL(compiledSibling(import.meta.url, 'picture-worker.js')), {
      workerData: task,
      execArgv: [],
    });
    this.#worker.on('message', (pictures: Pictures) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.(pictures);
    });
    this.#worker.on('error', onError);
  }

  /** Whether an earlier request is still being worked on. */
  get busy(): boolean {
    return this.#waiting !== undefined;
  }

  /** Draws the present moment; the callback comes later, with `busy` false again. */
  draw(cell: ArmCell, cameras: readonly string[], onDone: (pictures: Pictures) => void): void {
    const request: PictureRequest = { state: cell.physicsState(), cameras };
    this.#waiting = onDone;
    this.#worker.postMessage(request, [request.state.buffer as ArrayBuffer]);
  }

  close(): void {
    void this.#worker.terminate();
  }
}
