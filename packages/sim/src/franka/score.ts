/**
 * A soft indicator: 1 up to `full`, falling smoothly (half a cosine) to 0 at `none`. Task scores are products and means
 * of such factors, each with a name of its own.
 * @param value for example a distance
 * @param full where the indicator begins to fall
 * @param none where it reaches 0; less than `full` for an indicator that rises with the value
 */
export function softly(value: number, full: number, none: number): number {
  const fraction = Math.min(1, Math.max(0, (value - full) / (none - full)));
  return (1 + Math.cos(Math.PI * fraction)) / 2;
}

/** Distance between two points, metres. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);
}
