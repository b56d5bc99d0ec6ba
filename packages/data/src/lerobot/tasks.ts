import { join } from 'node:path';
import { writeDurably } from '../durable.js';
import { DatasetFileError } from './file-error.js';
import { type Column, encodeParquet, openParquet } from './parquet.js';

const TASKS_PATH = 'meta/tasks.parquet';

/** Describes the table to pandas, which LeRobot reads it with: the column `task` is the index of the frame. */
const PANDAS_METADATA = JSON.stringify({
  index_columns: ['task'],
  column_indexes: [
    {
      name: null,
      field_name: null,
      pandas_type: 'unicode',
      numpy_type: 'object',
      metadata: { encoding: 'UTF-8' },
    },
  ],
  columns: [
    { name: 'task_index', field_name: 'task_index', pandas_type: 'int64', numpy_type: 'int64', metadata: null },
    { name: 'task', field_name: 'task', pandas_type: 'unicode', numpy_type: 'object', metadata: null },
  ],
  attributes: {},
  creator: { library: 'rapport', version: '0.1.0' },
  pandas_version: '2.2.0',
});

/** Writes the task texts; the place of a text is its `task_index`. */
export async function writeTasks(directory: string, tasks: readonly string[]): Promise<void> {
  const columns: Column[] = [
    { name: 'task_index', type: 'int64', data: tasks.map((_, index) => BigInt(index)) },
    { name: 'task', type: 'string', data: [...tasks] },
  ];
  await writeDurably(join(directory, TASKS_PATH), encodeParquet(columns, { pandas: PANDAS_METADATA }));
}

/**
 * Reads the task texts in the order of `task_index`.
 * @throws DatasetFileError when the file is damaged or an index is missing
 */
export async function readTasks(directory: string): Promise<string[]> {
  const file = await openParquet(directory, TASKS_PATH);
  // pandas calls an unnamed index column `__index_level_0__`.
  const textColumn = file.columns.includes('task') ? 'task' : '__index_level_0__';
  const rows = await file.read(['task_index', textColumn]);
  const texts = new Map(rows.map((row) => [Number(row.task_index), row[textColumn]]));
  return rows.map((_, index) => {
    const text = texts.get(index);
    if (typeof text === 'string') return text;
    throw new DatasetFileError(file.reference, `has no text for task_index ${index}`);
  });
}
