export { type ModelName, type ModelSource, modelCatalogue } from './catalogue.js';
export { type FetchOptions, fetchModel, modelCacheDirectory } from './fetch.js';
export { readTflite, type TfliteModel, type TfliteOperator, type TfliteTensor } from './tflite.js';
export { type NamedTensor, readTorchTensors } from './torch.js';
export { readTorchWorkspace, type TorchWorkspace } from './torch-workspace.js';
