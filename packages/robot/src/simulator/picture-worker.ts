// The thread of `PictureMaker`.
import { parentPort, workerData } from 'node:worker_threads';
import type { PictureRequest, PictureTask } from './pictures.js';
import { openCell } from './scene.js';

const { envId, robotType, size } = workerData as PictureTask;
const { cell } = await openCell(envId, robotType);

parentPort!.on('message', ({ state, cameras }: PictureRequest) => {
  cell.showPhysics(state);
  const pictures = new Map(cameras.map((camera) => [camera, cell.render(camera, size)]));
  parentPort!.postMessage(
    pictures,
    [...pictures.values()].map(({ buffer }) => buffer as ArrayBuffer),
  );
});
