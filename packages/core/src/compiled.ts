/**
 * Address of a compiled module beside the caller's. Worker threads and processes run plain JavaScript: where the caller runs
 * from the TypeScript sources, as in tests, the module is that of the last build, below `dist` instead of `src`.
 * @param callerUrl `import.meta.url` of the caller
 * @param name file name of the module, for example `worker.js`
 */
export function compiledSibling(callerUrl: string, name: string): string {
  const folder = callerUrl.slice(0, callerUrl.lastIndexOf('/') + 1);
  if (!callerUrl.endsWith('.ts')) return folder + name;
  // The last one: the project itself may lie below a folder of this name.
  const sources = folder.lastIndexOf('/src/');
  return `${folder.slice(0, sources)}/dist/${folder.slice(sources + '/src/'.length)}${name}`;
}
