export { type ExportFormat, exportFeedback } from './export.js';
export { type EntryFilter, type Ledger, type LedgerPlace, openLedger } from './ledger.js';
