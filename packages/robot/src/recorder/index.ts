export { defaultTopics } from './default-topics.js';
export { type RecorderOptions, startRecorder } from './recorder.js';
export type { RecordedTopic, Recorder, Recording } from './session.js';
