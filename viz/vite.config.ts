// SPDX-License-Identifier: BSD-2-Clause
//
// `vite build` writes a single self-contained file, page.html. The page makes no requests, and its content security
// policy forbids them. rcuscope replaces <!--recording--> by the recording. Unit tests are in tests/unit, tests in a
// browser in tests/e2e.
import { createHash } from 'node:crypto';

import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

// Inlines scripts and styles into the page and puts their hashes into its policy.
function onePage(): Plugin {
  return {
    name: 'one-page',
    enforce: 'post',
    generateBundle(_, bundle) {
      const text = (ending: string) =>
        Object.values(bundle)
          .filter(({ fileName }) => fileName.endsWith(ending))
          .map((file) => (file.type === 'chunk' ? file.code : String(file.source)))
          .join('\n');
      const script = text('.js').trim().replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
      const style = text('.css').trim();
      const page = bundle['index.html'];
      if (page?.type !== 'asset' || !script || !style) throw new Error('the page, its script or its style is missing');
      const policy = `default-src 'none'; script-src ${sha256(script)}; style-src ${sha256(style)}; base-uri 'none'; form-action 'none'`;
      const html = String(page.source)
        .replace(/\s*<script type="module"[^>]*><\/script>/, '')
        .replace(/\s*<link rel="stylesheet"[^>]*>/, '')
        .replace('<meta charset="utf-8">', () => `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">`)
        .replace('</head>', () => `<style>${style}</style>\n</head>`)
        .replace('</body>', () => `<script type="module">${script}</script>\n</body>`);
      for (const name of Object.keys(bundle)) delete bundle[name];
      this.emitFile({ type: 'asset', fileName: 'page.html', source: html });
    },
  };
}

export default defineConfig({
  plugins: [onePage()],
  build: {
    target: 'es2022',
    outDir: process.env.RCUSCOPE_PAGE_DIR ?? 'dist',
    emptyOutDir: false,
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    reportCompressedSize: false,
  },
  test: {
    fileParallelism: false,
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
      },
    ],
  },
});
