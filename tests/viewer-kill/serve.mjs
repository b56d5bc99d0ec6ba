// Serves a dataset for ranking, and prints the address; runs until it is killed.
//   node serve.mjs DATASET_FOLDER LEDGER_FOLDER PORT
import { RandomStream, randomQueries } from '@rapport/core';
import { openLedger, openPrivilegedDataset } from '@rapport/data';
import { datasetClips, fixedQueries, startViewer, wholeEpisodes } from '@rapport/viewer';

const [, , datasetFolder, ledgerFolder, port] = process.argv;
const dataset = await openPrivilegedDataset(datasetFolder);
const queries = randomQueries({
  clips: wholeEpisodes(dataset),
  count: 5_000,
  random: new RandomStream(3, 'kill-test'),
});
const viewer = await startViewer({
  source: datasetClips(dataset),
  ledger: await openLedger({ directory: ledgerFolder }),
  queries: fixedQueries(queries),
  port: Number(port),
});
process.stdout.write(`${viewer.url}\n`);
