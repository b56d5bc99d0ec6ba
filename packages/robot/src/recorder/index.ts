export { type RecordedTopic, type Recorder, type RecorderOptions, type Recording, startRecorder } from './recorder.js';
