import { CorruptDataError } from '@rapport/core';

/** Where and how an MCAP file is wrong. */
export interface McapDamage {
  readonly file: string;
  /** Which record of the file, counted from 0 at the header; those inside a chunk are not counted. */
  readonly record: number;
  /** Byte of the file at which that record begins. */
  readonly offset: number;
  readonly problem: string;
  /**
   * `truncated`: the file ends here, as after a crash while it was written; `record`: this record is lost, those after it
   * are not; `framing`: what follows cannot be told apart any more; `summary`: data are whole, the index or end is not.
   */
  readonly kind: 'truncated' | 'record' | 'framing' | 'summary';
}

/** An MCAP file is damaged. */
export class McapError extends CorruptDataError {
  readonly damage: McapDamage;

  constructor(damage: McapDamage, cause?: unknown) {
    super(describeDamage(damage), {
      fix: 'rapport repair writes what can still be read to a new bag',
      ...(cause !== undefined && { cause }),
    });
    this.damage = damage;
  }
}

export function describeDamage({ file, record, offset, problem }: McapDamage): string {
  return `${file} record ${record} (byte ${offset}): ${problem}`;
}
