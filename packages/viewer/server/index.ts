export type { PlayCommand, PlayPhase } from '../protocol/play.js';
export type { ClipEvent, ClipSource, ServedClip } from './clips.js';
export { datasetClips, growingDatasetClips, wholeEpisodes } from './dataset-clips.js';
export { type PlayPage, type PlayPageOptions, startPlayPage } from './play-page.js';
export { fixedQueries, type QuerySource, type QueryStream, queryStream } from './queries.js';
export { defaultReasons } from './reasons.js';
export { startViewer, type Viewer, type ViewerOptions } from './start.js';
