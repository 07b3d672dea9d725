import { createServer } from 'node:net';
import { defineConfig } from '@playwright/test';

// Chosen once; the workers inherit it through the environment.
const port = Number((process.env['GRAPEVINE_E2E_PORT'] ??= String(await freePort())));

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  // As for the tests in Rust: a stall of a busy machine can outlast a test's patience; what fails
  // once is listed as flaky.
  retries: 1,
  timeout: 30_000,
  expect: { timeout: 6_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    testIdAttribute: 'data-testid',
    screenshot: 'only-on-failure',
    launchOptions: {
      // The system's browser; sandbox and shared memory are not to be had as root in a container.
      executablePath: process.env['GRAPEVINE_CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    },
  },
  webServer: {
    // A build of its own, because ui/dist may be rebuilt for the shell meanwhile.
    command: `npx vite preview --outDir node_modules/.cache/site --host 127.0.0.1 --port ${port} --strictPort`,
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false,
    timeout: 30_000,
  },
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
