/** Bounds of a box, entry by entry; null where there is none. */
export interface GymBounds {
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

/** Answer to `make`. */
export interface GymDescription {
  /** Bounds, or the number of choices of a discrete action. */
  readonly action: GymBounds | { readonly choices: number };
  /** Absent where a picture is observed. */
  readonly observation?: GymBounds;
  readonly picture?: { readonly width: number; readonly height: number };
  readonly max_steps: number | null;
  /** Pictures a second; 0 when unknown. */
  readonly rate: number;
  readonly renders: boolean;
}

/** Answer to `reset`. */
export interface GymObservation {
  /** Little-endian float32. */
  readonly vector?: Uint8Array;
  /** RGB, row-major. */
  readonly pixels?: Uint8Array;
}

/** Answer to `step`. */
export interface GymStep extends GymObservation {
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly success: boolean;
}

/** Answer to `render`: RGB, row-major. */
export interface GymPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Requests and their answers. */
export interface GymOperations {
  make: { readonly request: { readonly package: string; readonly id: string }; readonly reply: GymDescription };
  reset: { readonly request: { readonly seed: number }; readonly reply: GymObservation };
  step: { readonly request: { readonly action: readonly number[] }; readonly reply: GymStep };
  render: { readonly request: object; readonly reply: GymPicture };
}

/** What the thread that talks to Python is started with. */
export interface BridgeThreadData {
  readonly python: string;
  readonly script: string;
  /** One Int32: 1 when an answer lies in the port. */
  readonly flag: SharedArrayBuffer;
}

/** What that thread answers: the reply as msgpack, or how the Python process ended. */
export type BridgeAnswer = { readonly reply: Uint8Array } | { readonly ended: string };
