export type { CameraFeature, DatasetInfo } from './info.js';
export { openPrivilegedDataset, type PrivilegedDataset } from './privileged.js';
export { type Dataset, type DatasetEpisode, type FrameRange, openDataset } from './reader.js';
export {
  type CreateDatasetOptions,
  createDataset,
  type DatasetWriter,
  type ImageStorage,
  openDatasetForAppend,
} from './writer.js';
