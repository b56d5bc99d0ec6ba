import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type FeedbackEntry, type LedgerEntry, type Query, RandomStream, randomQueries } from '@rapport/core';
import { type Ledger, openLedger, openPrivilegedDataset } from '@rapport/data';
import {
  datasetClips,
  fixedQueries,
  startViewer,
  type Viewer,
  type ViewerOptions,
  wholeEpisodes,
} from '@rapport/viewer';
import { writeRollouts } from './rollouts.js';

const viewerPackage = fileURLToPath(new URL('../../packages/viewer', import.meta.url));

/** Builds the page from its sources; a second or so. */
export async function buildPage(): Promise<void> {
  const vite = join(viewerPackage, 'node_modules/vite/bin/vite.js');
  // The test runner sets NODE_ENV to `test`, which would make this a development build.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build'], { cwd: viewerPackage, env });
}

/** A real dataset, a real ledger, and viewers on them. */
export interface Workplace {
  readonly ledger: Ledger;
  makeQueries(count: number, clipsPerQuery?: number): Query[];
  /** Starts the server; at the end of the test the caller closes it. */
  serve(queries: readonly Query[], options?: Partial<ViewerOptions>): Promise<Viewer>;
  /** Answers in the ledger about these queries, in the order stored. */
  answersTo(queries: readonly Query[]): Promise<FeedbackEntry[]>;
  entries(): Promise<LedgerEntry[]>;
  close(): Promise<void>;
}

export async function openWorkplace(episodes = 12): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), 'rapport-viewer-'));
  await writeRollouts(join(directory, 'dataset'), episodes);
  const dataset = await openPrivilegedDataset(join(directory, 'dataset'));
  const ledger = await openLedger({ directory: join(directory, 'ledger') });
  const clips = wholeEpisodes(dataset);
  let seed = 0;
  return {
    ledger,
    // Another seed each time gives other query ids, so that tests can share the ledger.
    makeQueries: (count, clipsPerQuery = 3) =>
      randomQueries({ clips, count, clipsPerQuery, random: new RandomStream(++seed, 'queries') }),
    serve: (queries, options = {}) =>
      startViewer({ source: datasetClips(dataset), ledger, queries: fixedQueries(queries), port: 0, ...options }),
    answersTo: async (queries) => {
      const ids = new Set(queries.map(({ id }) => id));
      return (await ledger.entries()).filter(
        (entry): entry is FeedbackEntry => entry.kind === 'feedback' && ids.has(entry.query.id),
      );
    },
    entries: () => ledger.entries(),
    close: async () => {
      await ledger.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
