export { type Checkpoint, latestCheckpoint, saveCheckpoint } from './checkpoint.js';
export { writeFolder } from './folder.js';
export { type MetricsWriter, openMetrics } from './metrics.js';
export { createRunFolder, openRunFolder, type RunDescription, type RunFolder, type RunRecord } from './run-folder.js';
