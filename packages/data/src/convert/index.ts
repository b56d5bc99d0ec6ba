export { type BagToDataset, type BagToDatasetOptions, bagToDataset } from './bag-to-dataset.js';
export { type DatasetToBag, datasetToBag } from './dataset-to-bag.js';
export type { MappingChoices } from './default-mapping.js';
export { type BagMapping, type BagMappingInput, parseMapping, readMapping } from './mapping.js';
export { imagePicture } from './picture.js';
