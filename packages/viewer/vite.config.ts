import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  root: 'web',
  base: './',
  // The page is built from the sources of the core package and of the protocol, so that it needs no earlier build.
  resolve: { conditions: ['rapport-source', ...defaultClientConditions] },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: ['web/index.html', 'web/play.html'] },
  },
});
