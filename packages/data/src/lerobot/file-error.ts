import { join } from 'node:path';
import { CorruptDataError } from '@rapport/core';

/** A file of a dataset, and perhaps a row (or line) of it, counted from 0. */
export interface FileReference {
  readonly directory: string;
  /** Relative to the dataset's folder. */
  readonly file: string;
  readonly row?: number;
}

/** A file of a dataset is missing, damaged or contradicts another one. */
export class DatasetFileError extends CorruptDataError {
  readonly reference: FileReference;
  /** The message without the path. */
  readonly problem: string;

  constructor(reference: FileReference, problem: string, options: { fix?: string; cause?: unknown } = {}) {
    const row = reference.row === undefined ? '' : ` row ${reference.row}`;
    super(`${join(reference.directory, reference.file)}${row}: ${problem}`, {
      fix: 'restore the file from a copy',
      ...options,
    });
    this.reference = reference;
    this.problem = problem;
  }
}
