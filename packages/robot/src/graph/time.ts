/** builtin_interfaces/msg/Time, and Duration. */
export interface RosTime {
  readonly sec: number;
  readonly nanosec: number;
}

const BILLION = 1_000_000_000n;

/** @param nanoseconds may be negative; `nanosec` is in [0, 1e9) all the same */
export function toRosTime(nanoseconds: bigint): RosTime {
  const rest = ((nanoseconds % BILLION) + BILLION) % BILLION;
  return { sec: Number((nanoseconds - rest) / BILLION), nanosec: Number(rest) };
}

export function fromRosTime({ sec, nanosec }: RosTime): bigint {
  return BigInt(sec) * BILLION + BigInt(nanosec);
}

/** Seconds, exact to about a tenth of a microsecond for times since 1970. */
export function secondsOf({ sec, nanosec }: RosTime): number {
  return sec + nanosec * 1e-9;
}

export function rosTimeFromSeconds(seconds: number): RosTime {
  const sec = Math.floor(seconds);
  const nanosec = Math.round((seconds - sec) * 1e9);
  return nanosec >= 1e9 ? { sec: sec + 1, nanosec: nanosec - 1e9 } : { sec, nanosec };
}
