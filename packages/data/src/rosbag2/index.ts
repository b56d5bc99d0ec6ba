export { type BagWriter, type CreateBagOptions, createBag } from './bag-writer.js';
export { type DecodedMessage, topicDecoder } from './decode.js';
export type { BagFileInfo, BagMetadata, BagTopicInfo } from './metadata.js';
export { type BagLocation, isBag, locateBag } from './open-bag.js';
export { DEFAULT_RECORDED_QOS, type RecordedQos } from './qos.js';
export { type BagMessage, type BagTopic, readBag } from './read-bag.js';
export { type BagSurvey, type SurveyedTopic, surveyBag } from './survey.js';
