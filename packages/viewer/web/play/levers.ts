/** Keys that push the entries of an action, in their order: the first raises the entry, the second lowers it. */
export const keyPairs: readonly (readonly [raise: string, lower: string])[] = [
  ['w', 's'],
  ['a', 'd'],
  ['i', 'k'],
  ['j', 'l'],
  ['u', 'o'],
  ['t', 'g'],
  ['y', 'h'],
  ['c', 'v'],
];

/** Axes of a gamepad with the standard layout, for the first entries: forward and left are positive. */
const axes = [1, 0, 3, 2] as const;
/** Buttons that raise and lower the last entry: the right and the left trigger. */
const triggers = { raise: 7, lower: 6 } as const;
const DEAD_ZONE = 0.12;
/** Share of a push while Shift is held. */
const FINE = 0.3;

/** The part of a `Gamepad` that is read. */
export interface Pad {
  readonly axes: readonly number[];
  readonly buttons: readonly { readonly value: number }[];
}

/**
 * How far each entry of an action is pushed, -1 to 1: by the keys that are held, else by the gamepad.
 * @param held keys in lower case, `shift` among them
 */
export function leverLevels(count: number, held: ReadonlySet<string>, pad: Pad | undefined): number[] {
  return Array.from({ length: count }, (_, entry) => {
    const [raise, lower] = keyPairs[entry] ?? ['', ''];
    const byKeys = Number(held.has(raise)) - Number(held.has(lower));
    if (byKeys !== 0) return held.has('shift') ? FINE * byKeys : byKeys;
    return pad === undefined ? 0 : padLevel(entry, count, pad);
  });
}

function padLevel(entry: number, count: number, { axes: values, buttons }: Pad): number {
  const pull = (buttons[triggers.raise]?.value ?? 0) - (buttons[triggers.lower]?.value ?? 0);
  if (entry === count - 1 && entry >= 2 && pull !== 0) return pull;
  const axis = axes[entry];
  const value = axis === undefined ? 0 : -(values[axis] ?? 0);
  if (Math.abs(value) < DEAD_ZONE) return 0;
  return Math.max(-1, Math.min(1, value));
}
