export { writeDurably } from './durable.js';
export { FFMPEG_FIX, type FfmpegInfo, findFfmpeg } from './ffmpeg.js';
export * from './ledger/index.js';
export * from './lerobot/index.js';
export * from './models/index.js';
export { decodePng, encodePng, type RgbImage } from './png.js';
export * from './runs/index.js';
