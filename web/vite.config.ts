import { defineConfig } from 'vite'
import { texts } from './src/texts.ts'

export default defineConfig({
  // Relative, so that the page works behind a proxy that adds a path.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // One request more for each, and no policy of ours allows `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [
    {
      name: 'texts',
      transformIndexHtml: (html) =>
        html
          .replaceAll('%title%', texts.product)
          .replaceAll('%about%', texts.about)
          .replaceAll('%too-old%', texts.tooOld),
    },
    {
      name: 'plain-imports',
      enforce: 'pre',
      // What comes later needs nothing besides itself and what is there; Vite's helper, which looks
      // for more, has the size of such a part.
      load: (id) =>
        id === '\0vite/preload-helper.js'
          ? 'export const __vitePreload = (load) => load()'
          : undefined,
    },
  ],
})
