import { z } from 'zod';
import { bytes, sceneSchema } from './scene.js';

/**
 * The messages between the page and the server. The page sends JSON text (small, and safe to parse whoever sent it);
 * the server sends MessagePack, because poses and pictures are bytes. Both sides check what arrives.
 *
 * A clip is named by its place on screen, counted from 0 at the left; only the server knows which item of the query
 * that is, and what else it knows of the clip (its policy, its score) never reaches the page.
 */
export const protocolVersion = 3;

/** The longest message that the server reads, in bytes. */
export const maxClientMessageBytes = 16_384;

/** Two to six clips on one screen. */
const maxClips = 6;

/** Names that annotators may have. */
export const annotatorPattern = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u;

const entryId = z.uuid();
const queryId = z.string().min(1).max(200);
const place = z
  .int()
  .min(0)
  .max(maxClips - 1);
const timeMs = z.number().min(0).max(8.64e15);
const count = z.int().min(0).max(1_000_000);

/** An answer as given on screen: `ranks[p]` belongs to the clip at place p; 0 is best, equal is tied, no gaps. */
const answerValue = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ranking'), ranks: z.array(place).min(2).max(maxClips) }),
  z.strictObject({ kind: z.literal('skip') }),
  z.strictObject({ kind: z.literal('cannot-tell') }),
]);

export type AnswerValue = z.infer<typeof answerValue>;

/** Reasons that can be ticked: as many as there are number keys. */
export const mostReasons = 9;
const reason = z.string().min(1).max(60);

/** What the annotator adds to an answer. */
const annotation = z.strictObject({
  /** By place on screen: frames [from, to) of the clip, counted from its start, that decided; null where none did. */
  windows: z.exactOptional(
    z
      .array(z.tuple([count, count]).nullable())
      .min(2)
      .max(maxClips),
  ),
  /** Of the reasons in `welcome`. */
  reasons: z.exactOptional(z.array(reason).min(1).max(mostReasons)),
  /** How much better the best is than the worst: 1 slightly, 2 clearly, 3 by far. */
  strength: z.exactOptional(z.literal([1, 2, 3])),
});

export type AnswerAnnotation = z.infer<typeof annotation>;

const hello = z.strictObject({
  type: z.literal('hello'),
  protocol: z.literal(protocolVersion),
  /** Who answers; entries are stored under `human/<name>`. */
  annotator: z.string().regex(annotatorPattern),
  /** Queries that the page has from an earlier connection: open ones, and ones whose answer is not acknowledged yet. */
  held: z.array(queryId).max(64),
});

const answer = z.strictObject({
  type: z.literal('answer'),
  /** Made by the page; sending the same answer again stores it once. */
  entry: entryId,
  query: queryId,
  value: answerValue,
  shownAtMs: timeMs,
  answeredAtMs: timeMs,
  /** How often the clip at each place was played from its start. */
  replays: z.array(count).min(2).max(maxClips),
  annotation: z.exactOptional(annotation),
});

const undo = z.strictObject({
  type: z.literal('undo'),
  entry: entryId,
  /** The entry of this annotator that is taken back. */
  undoes: entryId,
  atMs: timeMs,
});

const picturesWanted = z.strictObject({
  type: z.literal('pictures'),
  query: queryId,
  place,
  /** Index into the clip's cameras. */
  camera: count,
});

export const clientMessageSchema = z.discriminatedUnion('type', [hello, answer, undo, picturesWanted]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type HelloMessage = z.infer<typeof hello>;
export type AnswerMessage = z.infer<typeof answer>;
export type UndoMessage = z.infer<typeof undo>;
export type PicturesWantedMessage = z.infer<typeof picturesWanted>;

const welcome = z.strictObject({
  type: z.literal('welcome'),
  /** What the annotator is asked. */
  question: z.string(),
  /** Reasons that can be ticked. */
  reasons: z.array(reason).max(mostReasons),
  /** What happens when everything is answered; empty when nothing does. */
  afterwards: z.string(),
  /** Entries of this annotator that `undo` may name, oldest first. */
  undoable: z.array(entryId),
});

/** What clips can be aligned by. */
export const eventKinds = ['contact', 'grasp', 'release'] as const;
export type EventKind = (typeof eventKinds)[number];

/** A scene that clips of later messages on this connection name; sent once, whatever number of clips show it. */
const scene = z.strictObject({ type: z.literal('scene'), scene: count, content: sceneSchema });

const clip = z.strictObject({
  frames: z.int().min(1),
  fps: z.number().positive(),
  /** How to redraw the clip: a scene, and little-endian float32 poses of shape [frames, poseTrackWidth(scene)]. */
  redraw: z.strictObject({ scene: count, poses: bytes }).nullable(),
  /** Names of the cameras of which there are pictures. */
  cameras: z.array(z.string()),
  /** Frames, counted from the start of the clip, at which something happens; one of each kind at most. */
  events: z.array(z.strictObject({ kind: z.enum(eventKinds), frame: count })),
});

/** A query to answer; pushed one ahead, so that the next is there before it is needed. */
const query = z.strictObject({
  type: z.literal('query'),
  query: queryId,
  /** `first` jumps the queue: the annotator took back the answer to it. */
  order: z.enum(['first', 'last']),
  clips: z.array(clip).min(2).max(maxClips),
});

/** Recorded pictures of one camera of a clip; long clips come in several messages, in order. */
const pictures = z.strictObject({
  type: z.literal('pictures'),
  query: queryId,
  place,
  /** Index into the clip's cameras. */
  camera: count,
  /** Frame number of the first picture. */
  from: z.int().min(0),
  /** PNG files. */
  frames: z.array(bytes),
});

/** The entry is durable. */
const acknowledged = z.strictObject({ type: z.literal('acknowledged'), entry: entryId });

const progress = z.strictObject({
  type: z.literal('progress'),
  /** Answers that stand, of the `total` that are wanted from all annotators together. */
  answered: count,
  total: count,
  /** The part of `answered` that is this annotator's. */
  yours: count,
  /** People connected now. */
  annotators: count,
  /** Whether `total` may still rise, because rollouts are still being made. */
  isGrowing: z.boolean(),
});

/**
 * There is no query for this annotator now: all are answered, the rest is open at someone else's, or the next one is
 * still being made.
 */
const idle = z.strictObject({ type: z.literal('idle'), reason: z.enum(['finished', 'others', 'coming']) });

export type IdleReason = z.infer<typeof idle>['reason'];

export const errorCodes = [
  'malformed',
  'oversized',
  'out-of-order',
  'unknown-query',
  'refused',
  'not-stored',
  'unreadable-clip',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

const error = z.strictObject({
  type: z.literal('error'),
  code: z.enum(errorCodes),
  message: z.string(),
  /** The entry that the error is about; after `not-stored` sending it again can help, after others it cannot. */
  entry: z.string().nullable(),
});

export const serverMessageSchema = z.discriminatedUnion('type', [
  welcome,
  scene,
  query,
  pictures,
  acknowledged,
  progress,
  idle,
  error,
]);

/** A message as the page reads it, and as the server sends it: the numbers of a scene's meshes travel as bytes. */
export type ServerMessage = z.output<typeof serverMessageSchema>;
export type SentMessage = z.input<typeof serverMessageSchema>;
export type QueryMessage = z.infer<typeof query>;
export type PicturesMessage = z.infer<typeof pictures>;
export type ProgressMessage = z.infer<typeof progress>;
export type ClipMessage = z.infer<typeof clip>;

/** WebSocket close codes of this protocol (4000 to 4999 are free for applications). */
export const closeCodes = {
  /** The same annotator opened the page elsewhere. */
  openedElsewhere: 4001,
  /** The server is stopping. */
  stopping: 4002,
} as const;
