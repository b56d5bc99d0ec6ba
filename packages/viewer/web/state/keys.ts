/** Everything that a key or a button does. */
export type Action =
  | 'play'
  | 'previous-frame'
  | 'next-frame'
  | 'restart'
  | 'slower'
  | 'faster'
  | 'loop'
  | 'pictures'
  | 'align'
  | 'mark-start'
  | 'mark-end'
  | 'clear-mark'
  | 'strength'
  | 'tie'
  | 'clear'
  | 'confirm'
  | 'skip'
  | 'cannot-tell'
  | 'undo'
  | 'theme'
  | 'keys';

interface Binding {
  readonly action: Action;
  /** Values of `KeyboardEvent.key`, in lower case. */
  readonly keys: readonly string[];
  /** As printed on the key sheet. */
  readonly label: string;
  readonly does: string;
}

export interface BindingGroup {
  readonly title: string;
  readonly bindings: readonly Binding[];
}

/** The one table that the keyboard, the buttons' hints and the key sheet are made from. */
export const bindingGroups: readonly BindingGroup[] = [
  {
    title: 'Rank',
    bindings: [
      { action: 'tie', keys: ['t', '='], label: 'T or =', does: 'tie the clip placed last with the one before' },
      { action: 'clear', keys: ['backspace'], label: 'Backspace', does: 'clear the ranking' },
      { action: 'confirm', keys: ['enter'], label: 'Enter', does: 'confirm and go on' },
      { action: 'cannot-tell', keys: ['c'], label: 'C', does: 'cannot tell' },
      { action: 'skip', keys: ['s'], label: 'S', does: 'skip this query' },
      { action: 'undo', keys: ['u'], label: 'U', does: 'take back the last answer' },
    ],
  },
  {
    title: 'Remark, if you like',
    bindings: [
      { action: 'mark-start', keys: ['i'], label: 'I', does: 'what decided begins here' },
      { action: 'mark-end', keys: ['o'], label: 'O', does: 'and ends here' },
      { action: 'clear-mark', keys: ['x'], label: 'X', does: 'take the mark away' },
      { action: 'strength', keys: ['b'], label: 'B', does: 'better by how much: slightly, clearly, by far' },
    ],
  },
  {
    title: 'Watch',
    bindings: [
      { action: 'play', keys: [' '], label: 'Space', does: 'play or pause' },
      { action: 'previous-frame', keys: [',', 'arrowleft'], label: ', or ←', does: 'one frame back' },
      { action: 'next-frame', keys: ['.', 'arrowright'], label: '. or →', does: 'one frame on' },
      { action: 'restart', keys: ['home', 'r'], label: 'R or Home', does: 'from the start' },
      { action: 'slower', keys: ['['], label: '[', does: 'slower' },
      { action: 'faster', keys: [']'], label: ']', does: 'faster' },
      { action: 'loop', keys: ['l'], label: 'L', does: 'loop on or off' },
      { action: 'pictures', keys: ['v'], label: 'V', does: '3-D view, recorded pictures, or both' },
      { action: 'align', keys: ['e'], label: 'E', does: 'align the clips by an event, where they have one' },
    ],
  },
  {
    title: 'Page',
    bindings: [
      { action: 'theme', keys: ['d'], label: 'D', does: 'dark or light' },
      { action: 'keys', keys: ['?'], label: '?', does: 'this sheet' },
    ],
  },
];

const actionByKey: ReadonlyMap<string, Action> = new Map(
  bindingGroups.flatMap(({ bindings }) => bindings.flatMap(({ action, keys }) => keys.map((key) => [key, action]))),
);

/** What the key stands for: an action, a clip (counted from 0), or nothing. */
export function meaningOf(key: string): Action | number | undefined {
  return /^[1-6]$/.test(key) ? Number(key) - 1 : actionByKey.get(key.toLowerCase());
}

/**
 * Which reason a key ticks, counted from 0: a number key that does not print its number, which is what Shift does on most
 * keyboards (and its absence on some). Undefined for other keys.
 */
export function reasonOf({ key, code }: { readonly key: string; readonly code: string }): number | undefined {
  const digit = /^Digit([1-9])$/.exec(code)?.[1];
  return digit === undefined || /^\d$/.test(key) ? undefined : Number(digit) - 1;
}

/** The key as printed, for hints on buttons. */
export function keyLabel(action: Action): string {
  const all = bindingGroups.flatMap(({ bindings }) => bindings);
  return all.find((binding) => binding.action === action)?.label ?? '';
}
