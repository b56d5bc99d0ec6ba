import { z } from 'zod';

/** What the driver wants of the episode: keep it and go on, do it again, or end the session. */
export const playCommands = ['save', 'redo', 'stop'] as const;
export type PlayCommand = (typeof playCommands)[number];

/** Messages of the driving page, as JSON text. */
export const playClientSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('levels'),
    /** How far each entry of the action is pushed: -1 to 1. */
    levels: z.array(z.number().min(-1).max(1)).max(64),
  }),
  z.object({ type: z.literal('command'), command: z.enum(playCommands) }),
]);
export type PlayClientMessage = z.output<typeof playClientSchema>;

/** One entry of the action, as the page lists it. */
export interface PlayEntry {
  readonly name: string;
  readonly unit: string;
}

/**
 * `ready`: the episode starts with the first push. `running`: time passes. `ended`: the environment ended it, and the driver
 * says whether to keep it. `stopped`: nothing more happens.
 */
export type PlayPhase = 'ready' | 'running' | 'ended' | 'stopped';

/** Messages to the driving page, as msgpack. */
export type PlayServerMessage =
  | {
      readonly type: 'welcome';
      readonly env: string;
      readonly summary: string;
      readonly entries: readonly PlayEntry[];
    }
  | {
      readonly type: 'frame';
      readonly phase: PlayPhase;
      readonly step: number;
      readonly steps: number;
      readonly saved: number;
      readonly episodes: number;
      readonly success: boolean;
      readonly width: number;
      readonly height: number;
      /** RGB, row-major. */
      readonly pixels: Uint8Array;
    };

/** Close code: the page was opened elsewhere. */
export const PLAY_ELSEWHERE = 4001;
