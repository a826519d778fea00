// Bundles every entry of src/ into ../incsr/static/build and copies the data files the pages draw with.
// Nothing is fetched at run time: what a page needs is in these files.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "incsr", "static", "build");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const entries = readdirSync(join(here, "src"))
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => join(here, "src", name));

await build({
  entryPoints: entries,
  bundle: true,
  splitting: true,
  chunkNames: "chunk-[hash]",
  minify: true,
  format: "esm",
  target: ["es2022"],
  outdir: out,
  loader: { ".svg": "dataurl", ".woff": "empty", ".woff2": "empty", ".ttf": "empty" },
  legalComments: "linked",
  logLevel: "warning",
});

cpSync(join(here, "node_modules", "world-atlas", "countries-110m.json"), join(out, "countries-110m.json"));
if (!existsSync(out)) throw new Error("nothing was built");
