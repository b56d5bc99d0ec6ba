export { runCommandLine, type Terminal } from './run.js';
export { type Context, defineVerb, type Outcome, type Verb } from './verb.js';
