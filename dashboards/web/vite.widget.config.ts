import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The chat for other sites' pages: one script that needs nothing beside it, laid next to the built app. */
export default defineConfig({
  publicDir: false,
  build: {
    emptyOutDir: false,
    target: 'es2022',
    lib: {
      entry: fileURLToPath(new URL('./widget/main.ts', import.meta.url)),
      formats: ['iife'],
      name: 'perezvonWidget',
      fileName: () => 'widget.js',
    },
  },
})
