import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/**
 * What the shell's window allows; `vite preview` sends it too, so the browser tests are held to it.
 */
const policy = [
  "default-src 'self'",
  'connect-src ipc: http://ipc.localhost',
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: asset:",
  "font-src 'self'",
].join('; ');

export default defineConfig({
  plugins: [svelte()],
  // The window loads from a custom scheme without a server: relative paths work there and in `vite
  // preview`.
  base: './',
  clearScreen: false,
  server: { port: 1420, strictPort: true, host: '127.0.0.1' },
  preview: { headers: { 'Content-Security-Policy': policy } },
  build: {
    outDir: 'dist',
    // The list of emoji is one lazy chunk; everything else is far below.
    chunkSizeWarningLimit: 640,
    // WebKitGTK 2.40 and WebView2 are the oldest that Tauri 2 runs on.
    target: ['es2022', 'safari16.4', 'chrome111'],
    // Fonts as data: URLs would break the CSP's font-src.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
});
