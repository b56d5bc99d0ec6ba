import { InputError } from '@rapport/core';

/** The command line or a configuration file is wrong; the command ends with exit code 2. */
export class UsageError extends InputError {}
