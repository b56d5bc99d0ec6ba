export type { CameraFeature, DatasetInfo } from './info.js';
export { type CreateDatasetOptions, checkDatasetOptions, type ImageStorage } from './new-dataset.js';
export { openPrivilegedDataset, type PrivilegedDataset } from './privileged.js';
export { type Dataset, type DatasetEpisode, type FrameRange, openDataset } from './reader.js';
export { type DatasetProblem, validateDataset } from './validate.js';
export { createDataset, type DatasetWriter, openDatasetForAppend } from './writer.js';
